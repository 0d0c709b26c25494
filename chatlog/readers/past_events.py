"""Read a room's past from the log: any number of events, a page at a time.

Each page has its own short snapshot, so memory stays constant and a running server's WAL can be
checkpointed meanwhile. Events do not change, so the pages are consistent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from chatlog.audit.page_ranges import PageRange
from chatlog.databases.database import Database
from chatlog.eventlog import read
from chatlog.kinds.event import Recorded
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame

PAGE: Final = 500
FRAMES: Final = 100


async def events(database: Database, asked: PageRange) -> AsyncIterator[list[Recorded]]:
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


async def read_frames(database: Database, room: str, seq: int) -> list[bytes]:
    """Return some frames of a room, starting at ``seq``, for a member that is behind."""
    async with database.read() as connection:
        number = await read.room_number(connection, room)
        if number is None:
            return []
        found = await read.read_room(connection, number, seq, seq + FRAMES - 1, limit=FRAMES)
    return [text_frame(encode(event)) for event in found]
