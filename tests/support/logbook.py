"""A log opened as a node opens it, for tests of its promises, and plain looks at its tables.

``Log.append`` is the writer that the committer uses. What is read back for comparison is
read by ``table``: plain SQL on a connection of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.eventlog.append import Outcome
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.forward import events_between
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.nodes import leases


@dataclass(frozen=True, slots=True)
class Log:
    """One node's way to the log."""

    database: Database
    writer: Writer

    async def append(self, *commands: Command) -> list[Outcome]:
        return await self.writer.append(commands)

    async def record(self, *commands: Command) -> list[Recorded]:
        """Append what must become events."""
        outcomes = await self.append(*commands)
        events = [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
        assert len(events) == len(commands), outcomes
        return events

    async def join(self, room: str, username: str) -> str:
        """Open a session and return it."""
        command = join(room, username)
        await self.record(command)
        return command.session

    async def events(self) -> list[Recorded]:
        """Read the whole log."""
        async with self.database.read() as connection:
            return await events_between(connection, 1, 1_000_000)

    async def table(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Look into the tables with plain SQL."""
        async with self.database.read() as connection:
            found = await connection.execute(sa.text(sql), parameters)
            return [dict(row) for row in found.mappings()]

    async def change(self, sql: str, **parameters: Any) -> None:
        """Change the tables with plain SQL."""
        async with self.database.write() as connection, connection.begin():
            await connection.execute(sa.text(sql), parameters)


@asynccontextmanager
async def open_log(
    url: str, *, node: str = "test", doubt_seconds: float = 5.0
) -> AsyncIterator[Log]:
    """Open a log as one more node, migrated."""
    database = Database(url, readers=2)
    try:
        await migrate(database)
        entered = await leases.begin(database, node, alone=False)
        yield Log(database, Writer(database, entered, doubt_seconds=doubt_seconds))
    finally:
        await database.dispose()


def join(room: str, username: str, *, session: str = "", backlog: int = 0) -> Join:
    return Join(room, session or secrets.token_hex(8), username, backlog=backlog)


def chats(room: str, session: str, texts: Sequence[str]) -> list[Command]:
    return [Post(room, session, text) for text in texts]


def leave(room: str, session: str) -> Leave:
    return Leave(room, session, "left")
