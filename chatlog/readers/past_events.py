"""Read a room's past from the log for commands: any number of events, a page at a time.

Each page has its own short snapshot, so memory stays constant and a running server's WAL can be
checkpointed meanwhile. Events do not change, so the pages are consistent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from chatlog.audit.page_ranges import Range
from chatlog.databases.database import Database
from chatlog.eventlog import read
from chatlog.kinds.event import Recorded

PAGE: Final = 500


async def events(database: Database, asked: Range) -> AsyncIterator[list[Recorded]]:
    """Yield the events of a range, which ``Door.locate`` returned, in order, a page at a time."""
    first, left = asked.first, asked.limit
    while left > 0 and first <= asked.last:
        async with database.read() as connection:
            page = await read.read_room(
                connection,
                asked.room,
                first,
                asked.last,
                limit=min(PAGE, left),
                types=asked.types,
            )
        if not page:
            return
        yield page
        first, left = page[-1].seq + 1, left - len(page)
