"""An administrator of PostgreSQL, and a network between a node and it, for harm on purpose."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg

from tests.support.server import until

SLOW_COMMIT = """
    CREATE FUNCTION sleep_at_commit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON chatlog.events
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sleep_at_commit();
"""
WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'chatlog' AND wait_event = $1
"""


@dataclass(frozen=True, slots=True)
class Admin:
    """Another session, with every right."""

    connection: Any

    async def run(self, sql: str) -> None:
        await self.connection.execute(sql)

    async def value(self, sql: str, *parameters: object) -> Any:
        return await self.connection.fetchval(sql, *parameters)

    async def waiting(self, event: str) -> int:
        """Wait until a node's backend waits for this; return its process id."""

        async def one_waits() -> bool:
            return await self.value(WAITING, event) is not None

        await until(one_waits, 20, f"a backend waits for {event}")
        pid: int = await self.value(WAITING, event)
        return pid

    async def waiting_to(self, statement: str) -> None:
        """Wait until somebody waits for a lock in a statement like this."""
        asked = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE $1"
        )

        async def one_waits() -> bool:
            return await self.value(asked, statement) is not None

        await until(one_waits, 30, f"somebody waits to {statement}")

    async def terminate(self, pid: int) -> None:
        """End a backend and wait until it is gone."""
        await self.value("SELECT pg_terminate_backend($1, 10000)", pid)

    async def terminate_all(self) -> None:
        """End every connection of every node to this database."""
        await self.value(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'chatlog'"
        )

    @asynccontextmanager
    async def holding_the_log(self) -> AsyncIterator[None]:
        """Hold the log's lock: nobody can append or renew a lease."""
        async with self.connection.transaction():
            await self.run("LOCK TABLE chatlog.meta IN EXCLUSIVE MODE")
            yield

    @asynccontextmanager
    async def waiting_for_a_replica(self) -> AsyncIterator[None]:
        """Have commits wait, once they are written, for a replica that never comes."""
        await self.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        await self._reload("nobody")
        await until(self._a_commit_waits, 20, "commits wait for a replica")
        try:
            yield
        finally:
            await self.run("ALTER SYSTEM RESET synchronous_standby_names")
            await self._reload("")

    async def _a_commit_waits(self) -> bool:
        """Whether the checkpointer knows the setting, for which commits do not wait before."""
        try:
            await self.connection.execute(
                "SELECT pg_logical_emit_message(true, 'test', '')", timeout=0.2
            )
        except TimeoutError:
            return True
        return False

    async def _reload(self, expected: str) -> None:
        await self.value("SELECT pg_reload_conf()")

        async def known() -> bool:
            return bool(await self.value("SHOW synchronous_standby_names") == expected)

        await until(known, 10, "a reloaded configuration")


@asynccontextmanager
async def administrator(url: str) -> AsyncIterator[Admin]:
    connection = await asyncpg.connect(url)
    try:
        yield Admin(connection)
    finally:
        await connection.close(timeout=5)


@dataclass(slots=True)
class Network:
    """What lies between a node and its PostgreSQL; it can be cut on the node's side only."""

    url: str
    _near: list[asyncio.StreamWriter] = field(default_factory=list)
    _far: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """Cut every connection; PostgreSQL doesn't learn of it."""
        for writer in self._near:
            writer.transport.abort()
        self._near.clear()

    def close(self) -> None:
        self.cut()
        for writer in self._far:
            writer.transport.abort()

    def carry(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self._near.append(near)
        self._far.append(far)


@asynccontextmanager
async def network_to(url: str) -> AsyncIterator[Network]:
    """Listen where a PostgreSQL would, and carry bytes to the real one."""
    parts = urlsplit(url)
    [real] = parse_qs(parts.query)["host"]
    with tempfile.TemporaryDirectory(prefix="chatlog-net-") as folder:
        network = Network(parts._replace(query=f"host={quote(folder)}").geturl())
        pumps = set[asyncio.Task[None]]()

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far = await asyncio.open_unix_connection(f"{real}/.s.PGSQL.5432")
            network.carry(writer, far)
            pumps.add(asyncio.create_task(_pump(reader, far)))
            pumps.add(asyncio.create_task(_pump_to_the_end(far_reader, writer)))

        name = str(Path(folder) / ".s.PGSQL.5432")
        async with await asyncio.start_unix_server(carry, name) as server:
            yield network
            server.close()
            network.close()
            await asyncio.gather(*pumps)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()


async def _pump_to_the_end(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """A client that has said goodbye waits until PostgreSQL has closed the connection."""
    await _pump(source, sink)
    sink.close()
