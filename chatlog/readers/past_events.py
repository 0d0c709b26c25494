"""Read a room's past from the log: any number of events, a page at a time.

Each page has its own short snapshot, so memory stays constant and a running server's WAL can be
checkpointed meanwhile. Events do not change, so the pages are consistent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from chatlog.audit.paging.selection import Selection
from chatlog.databases.database import Connection
from chatlog.eventlog import read
from chatlog.kinds.event import Recorded
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame

Reading = Callable[[], AbstractAsyncContextManager[Connection]]

PAGE: Final = 500


async def events(reading: Reading, selection: Selection) -> AsyncIterator[list[Recorded]]:
    """Yield the first events of a selection, up to its limit, in order, a page at a time."""
    first, left = selection.first, selection.limit
    while left > 0 and first <= selection.last:
        async with reading() as connection:
            page = await read.read_room(
                connection,
                selection.room,
                first,
                selection.last,
                limit=min(PAGE, left),
                types=selection.types,
                users=selection.users,
            )
        if not page:
            return
        yield page
        first, left = page[-1].seq + 1, left - len(page)


async def read_frames(reading: Reading, room: str, first: int, last: int) -> list[bytes]:
    """Return the frames of a room's seqs from ``first`` to ``last``, as far as it has them."""
    async with reading() as connection:
        number = await read.room_number(connection, room)
        if number is None:
            return []
        found = await read.read_room(connection, number, first, last, limit=last - first + 1)
    return [text_frame(encode(event)) for event in found]
