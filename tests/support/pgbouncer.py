"""The real PgBouncer between chatlog and the tests' PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DROPPED = "search_path, synchronous_commit, options, extra_float_digits"


@contextmanager
def running_pgbouncer(url: str, mode: str, connections: int = 20) -> Iterator[str]:
    """Put PgBouncer before the database of ``url`` and yield the URL that leads through it.

    It drops the settings that it doesn't know, as many are told to, and gives one server
    connection after the other its turn, so that nothing left in one is found again.
    """
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed: `apt-get install pgbouncer`")
    parts = urlsplit(url)
    socket = Path(parse_qs(parts.query)["host"][0])
    with tempfile.TemporaryDirectory(prefix="chatlog-pgb-") as folder:
        home = Path(folder)
        file = home / "pgbouncer.ini"
        file.write_text(
            "[databases]\n"
            f"* = host={socket} user={parts.username}\n"
            "[pgbouncer]\n"
            f"unix_socket_dir = {home}\nlisten_port = 6432\nauth_type = any\n"
            f"pool_mode = {mode}\ndefault_pool_size = {connections}\nserver_round_robin = 1\n"
            f"ignore_startup_parameters = {DROPPED}\n"
        )
        command = [PROGRAM, "-q", str(file)]
        if os.geteuid() == 0:  # which it refuses to run as
            home.chmod(0o777)
            command[1:1] = ["-u", socket.owner()]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                _wait(process, home / ".s.PGSQL.6432")
                yield f"postgresql://postgres@{parts.path}?host={home}&port=6432"
            finally:
                process.terminate()


def _wait(process: subprocess.Popen[bytes], socket: Path) -> None:
    deadline = time.monotonic() + 10
    while not socket.exists():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline, "pgbouncer does not listen"
        time.sleep(0.01)
