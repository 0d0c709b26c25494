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
    """Reads pages, a bounded number at a time."""

    def __init__(self, database: Database, *, max_pages: int, max_page_bytes: int) -> None:
        self._database = database
        self._max_page_bytes = max_page_bytes
        self._turns = asyncio.Semaphore(max_pages)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it until the page has left the process.

        That is what keeps pages which nobody reads from filling the memory.

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

    async def page(self, request: PageRequest) -> Page:
        """Return a page of events.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        async with self._database.read() as connection:
            return await read_page(connection, request, max_bytes=self._max_page_bytes, size=_size)


def _size(event: Recorded) -> int:
    return len(encode(event))
