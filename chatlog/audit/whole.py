"""What only the log as a whole can tell: a room that is gone, an event of no room."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.eventlog.schema import events, rooms, sessions

_ROOMS: Final = (
    sa.select(rooms.c.id, rooms.c.room)
    .where(rooms.c.id > sa.bindparam("after"))
    .order_by(rooms.c.id)
    .limit(sa.bindparam("limit"))
)
_EXTENT: Final = sa.select(
    sa.func.count(), sa.func.min(events.c.position), sa.func.max(events.c.position)
)


class RoomRow(NamedTuple):
    number: int
    room: str


async def rooms_from(connection: AsyncConnection, after: int, *, limit: int) -> list[RoomRow]:
    """Return the next rooms past a number."""
    found = await connection.execute(_ROOMS, {"after": after, "limit": limit})
    return [RoomRow(*row) for row in found]


async def check_whole(connection: AsyncConnection) -> str | None:
    """Return what is wrong, in a clause; None where nothing is."""
    count, first, last = (await connection.execute(_EXTENT)).one()
    if count and (first, last) != (1, count):
        return f"positions run from {first} to {last}, but there are {count} events"
    for table, what in ((events, "events"), (sessions, "sessions")):
        if await _homeless(connection, table.c.room_id):
            return f"there are {what} of a room that is not in the log"
    return None


async def _homeless(connection: AsyncConnection, room_id: sa.Column[Any]) -> bool:
    known = sa.select(rooms.c.id)
    found = await connection.execute(sa.select(room_id).where(room_id.not_in(known)).limit(1))
    return found.first() is not None
