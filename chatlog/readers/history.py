"""Pages of a room's past: the answer to ``history``, over the socket and over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chatlog.audit.paging.pages import Page
from chatlog.databases.database import Connection, Database
from chatlog.kinds.event_query import EventQuery
from chatlog.readers.askers import Asker
from chatlog.readers.door import Door
from chatlog.readers.turns import held
from chatlog.readers.verifying import Verifying
from chatlog.wire.events import size_of


class History:
    """Reads pages, a bounded number concurrently, and lends a bounded number of large ones.

    Pages come from ``past``, which may be a standby; short reads and all decisions about access
    come from ``database``.
    """

    def __init__(
        self,
        past: Database,
        database: Database,
        *,
        max_large_pages: int,
        max_http_answers: int,
        max_long_reads: int,
        max_page_bytes: int,
        max_buffer_bytes: int,
    ) -> None:
        self._past = past
        self._max_page_bytes = max_page_bytes
        self._max_buffer_bytes = max_buffer_bytes
        self._large = asyncio.Semaphore(max_large_pages)
        self._answers = asyncio.Semaphore(max_http_answers)
        self._reads = asyncio.Semaphore(max_long_reads)
        self.door = Door(self.reading, database.read)
        self.verifying = Verifying(past)

    @asynccontextmanager
    async def lend(self, asker: Asker, query: EventQuery) -> AsyncIterator[Page]:
        """Lend a page; leave the block once its reader has received it.

        Large unread pages would fill the memory, so their number is limited. While all of them
        are lent to slow readers, other pages are shorter, and nobody waits for those readers.
        Reads of the log itself take turns.

        Raises:
            Refused: ``room_unknown`` for a room without events.
            Overloaded: if no turn to read is free in time.
        """
        if self._large.locked():
            yield await self._read(asker, query, self._max_buffer_bytes)
            return
        async with self._large:
            yield await self._read(asker, query, self._max_page_bytes)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn to answer over HTTP, and hold it until the answer is sent.

        Raises:
            Overloaded: if no turn becomes free in time.
        """
        async with held(self._answers):
            yield

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Wait for a turn for a long read of the log; lend a connection and its snapshot.

        There are fewer turns than connections, so that a join always finds a free connection.

        Raises:
            Overloaded: if no turn is free in time.
            Unavailable: if the database cannot be read.
        """
        async with held(self._reads), self._past.read() as connection:
            yield connection

    async def _read(self, asker: Asker, query: EventQuery, max_bytes: int) -> Page:
        admission = await self.door.admit(asker, query.room, "read")
        return await admission.page(query, max_bytes=max_bytes, size=size_of)
