"""Open the database of a URL: its backend and its engines. Only here is a backend chosen.

Users write ``sqlite:///file.db``, ``postgres://…`` or ``postgresql://…``; this module chooses
the async driver.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Append, Backend, T, Work
from chatlog.databases.postgres.backend import Postgres
from chatlog.databases.sqlite.backend import Sqlite
from chatlog.databases.sqlite.url import sqlite_path
from chatlog.domain.errors import LogError, Unavailable

Connection = AsyncConnection
"""A lent connection; higher layers only pass it to functions of this folder."""

_POSTGRES: Final = re.compile(r"(?i)postgres(ql)?(\+\w+)?://")

DATABASE_ERRORS: Final = (sa.exc.SQLAlchemyError,)
"""What SQLAlchemy raises, a driver's failure as its cause."""

DRIVER_ERRORS: Final = (*DATABASE_ERRORS, OSError)
"""The same, and what asyncpg raises when no server answers, which SQLAlchemy does not wrap."""


def is_cancelled() -> bool:
    """Return whether the running task is being cancelled: a driver may make a failure of that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def backend_for(url: str) -> Backend:
    """Return the backend for a database URL.

    Raises:
        LogError: if the URL is invalid, or its database is not supported.
    """
    if _POSTGRES.match(url):
        return Postgres(url)
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # with nothing of it: it may hold a password
        raise LogError(
            "Not a database URL: write sqlite:///file.db or postgresql://user@host/name."
        ) from None
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return Sqlite(sqlite_path(parsed, url))
    raise LogError(f"chatlog keeps its log in SQLite or PostgreSQL, not in {kind}.")


class Database:
    """One backend with its two engines: a connection that writes, some that read.

    A server's commands are given up after a while, so that others get their turn; those of
    ``patient`` readers, which serve nobody else, may take hours. ``reads`` counts reads by their
    place, where there is more than one.
    """

    def __init__(self, url: str, *, readers: int = 4, patient: bool = False) -> None:
        self.backend = backend_for(url)
        self._writer = self.backend.writer()
        self._reader = self.backend.reader(readers, patient=patient)
        self.reads = Counter[str]()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Lend the connection that writes; its user begins and commits."""
        async with self._turn, self._writer.connect() as connection:
            yield connection

    async def at_once(self, work: Work[T]) -> T:
        """Lend the connection that writes to work that awaits nothing but its statements.

        A database in this process then needs one hop for all of it, a server one greenlet.
        """
        async with self._turn:
            if (running := self.backend.at_once(work)) is not None:
                return await running
        async with self.write() as connection:
            return await work(connection)

    def clock(self) -> str | None:
        """Return as ``Backend.clock``."""
        return self.backend.clock()

    async def append(self, append: Append) -> bool:
        """Write a transaction that was decided from memory, if possible; as ``Backend.append``."""
        async with self._turn:
            return await self.backend.append(append)

    @asynccontextmanager
    async def migrate(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection that writes, for statements that go over all events."""
        engine = self.backend.migrator()
        if engine is None:
            async with self.write() as connection:
                yield connection
            return
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection inside one short read-only transaction: a snapshot.

        Raises:
            Unavailable: if the database cannot be read; its cause is the driver's error.
        """
        try:
            async with self._reader.connect() as connection, connection.begin():
                yield connection
        # What a damaged file makes SQLite say need not be UTF-8.
        except (*DRIVER_ERRORS, UnicodeDecodeError) as error:
            raise Unavailable("The log cannot be read now. Try again.") from error

    async def scrub(self) -> bool:
        """Remove erased content from the files; False while a reader's snapshot prevents it.

        Raises:
            Exception: the driver's own, if a file cannot be written.
        """
        return await self.backend.scrub(self.write)

    async def after_bulk(self) -> None:
        """Keep look-ups quick after many rows were written at once."""
        await self.backend.after_bulk(self.write)

    async def dispose(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        await self._writer.dispose()


class Uncommitted(Database):
    """A database as one open transaction has it, which alone sees what it has written.

    Whoever began the transaction ends it and closes the connection.
    """

    def __init__(self, backend: Backend, connection: AsyncConnection) -> None:
        self.backend = backend
        self._connection = connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Lend the transaction's connection."""
        yield self._connection

    async def at_once(self, work: Work[T]) -> T:
        """Lend the transaction's connection."""
        return await work(self._connection)

    def clock(self) -> None:
        """Return None: every append belongs to the open transaction."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend the transaction's connection; raises as ``Database.read`` does."""
        try:
            yield self._connection
        except (*DRIVER_ERRORS, UnicodeDecodeError) as error:
            raise Unavailable("The log cannot be read now. Try again.") from error

    async def dispose(self) -> None:
        """Do nothing."""
