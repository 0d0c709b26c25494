"""A PostgreSQL and its streaming standby, from the wheel, on ports of 127.0.0.1.

The standby is synchronous or asynchronous; it can be held back, so that it gets no further
commits, and promoted once the primary is killed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.postgres import initialized
from tests.support.server import free_port, until

DATABASE = "chat"
STANDBY = "chatlog_standby"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL: its files, the programs that run it, and its port."""

    data: Path
    programs: Path
    port: int

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL, which refuses root, and wait for it."""
        user = "pgserver" if os.geteuid() == 0 else None
        log = self.data.parent / "programs.log"
        with log.open("ab") as out:
            ended = subprocess.run(
                [str(self.programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                user=user,
                cwd=self.data.parent,
                check=False,
            )
        assert ended.returncode == 0, f"{program}: {log.read_text()}"

    def start(self) -> None:
        log = str(self.data.parent / f"{self.port}.log")
        options = f"-p {self.port} -h 127.0.0.1 -k ''"
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, if it runs: ``immediate`` is as good as a crash."""
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def promote(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "promote")

    async def value(self, sql: str) -> Any:
        """Run one statement as its administrator; return its value."""
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="postgres", database=DATABASE
        )
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def set(self, name: str, value: str) -> None:
        await self.value(f"ALTER SYSTEM SET {name} = '{value}'")
        await self.value("SELECT pg_reload_conf()")


@dataclass(frozen=True, slots=True)
class Pair:
    """A primary and its standby."""

    primary: Cluster
    standby: Cluster

    @property
    def url(self) -> str:
        """The URL of whichever of the two can be written."""
        ports = f"port={self.primary.port},{self.standby.port}"
        hosts = "host=127.0.0.1,127.0.0.1"
        query = f"{hosts}&{ports}&target_session_attrs=read-write"
        return f"postgresql://postgres@/{DATABASE}?{query}"

    @property
    def standby_url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.standby.port}/{DATABASE}"

    async def synchronize(self) -> None:
        """Have commits wait until the standby has them on disk."""
        await self.primary.set("synchronous_standby_names", STANDBY)
        await self._replicates("sync")

    async def _replicates(self, how: str) -> None:
        async def replicates() -> bool:
            state = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
            return bool(await self.primary.value(state) == how)

        await until(replicates, 20, f"a standby that is {how}")

    async def hold_back(self) -> None:
        """Let the standby get nothing more: later commits are lost with the primary."""
        await self.standby.set("primary_conninfo", "")

        async def alone() -> bool:
            return not await self.primary.value("SELECT count(*) FROM pg_stat_replication")

        await until(alone, 20, "a standby that gets nothing more")

    async def fail_over(self) -> None:
        """Kill the primary and promote the standby."""
        await asyncio.to_thread(self.primary.stop)
        await asyncio.to_thread(self.standby.promote)


@contextmanager
def primary_and_standby() -> Iterator[Pair]:
    """Start a primary with an empty database, and its asynchronous standby. Takes some seconds."""
    with tempfile.TemporaryDirectory(prefix="chatlog-pair-") as folder:
        home = Path(folder)
        server = initialized(home / "primary")
        if os.geteuid() == 0:
            shutil.chown(home, "pgserver")
        with (server.pgdata / "pg_hba.conf").open("a") as file:
            file.write("host all all 127.0.0.1/32 trust\n")
            file.write("host replication all 127.0.0.1/32 trust\n")
        primary = Cluster(server.pgdata, server.bin_path, free_port())
        standby = Cluster(home / "standby", server.bin_path, free_port())
        try:
            primary.start()
            place = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
            primary.run("createdb", *place, DATABASE)
            named = f"host=127.0.0.1 port={primary.port} user=postgres application_name={STANDBY}"
            primary.run("pg_basebackup", "-d", named, "-D", str(standby.data), "-R", "-c", "fast")
            standby.start()
            yield Pair(primary, standby)
        finally:
            standby.stop()
            primary.stop()
