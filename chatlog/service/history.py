"""Pages of a room's past: the answer to ``history``, over the socket and over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from chatlog.domain.errors import Overloaded
from chatlog.domain.events import Recorded
from chatlog.eventlog.database import Database
from chatlog.eventlog.pages import Page, PageRequest, read_page
from chatlog.wire.events import encode

_PATIENCE_SECONDS: Final = 5.0


class History:
    """Reads pages; those larger than a batch only a bounded number at a time."""

    def __init__(
        self, database: Database, *, max_pages: int, max_page_bytes: int, max_buffer_bytes: int
    ) -> None:
        self._database = database
        self._max_page_bytes = max_page_bytes
        self._max_buffer_bytes = max_buffer_bytes
        self._large = asyncio.Semaphore(max_pages)
        self._turns = asyncio.Semaphore(max_pages)

    @asynccontextmanager
    async def lend(self, request: PageRequest) -> AsyncIterator[Page]:
        """Lend a page; leave the block once its reader has taken it.

        Large pages that are not read would fill the memory, so only so many are lent at a
        time. While all of them are with readers who don't read, others' pages are shorter,
        and nobody waits.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        if self._large.locked():
            yield await self._read(request, self._max_buffer_bytes)
            return
        async with self._large:
            yield await self._read(request, self._max_page_bytes)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn to read from the log at length, and hold it.

        Raises:
            Overloaded: if no turn is free in time.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise Overloaded from None
        try:
            yield
        finally:
            self._turns.release()

    async def _read(self, request: PageRequest, max_bytes: int) -> Page:
        async with self._database.read() as connection:
            return await read_page(connection, request, max_bytes=max_bytes, size=_size)


def _size(event: Recorded) -> int:
    return len(encode(event))
