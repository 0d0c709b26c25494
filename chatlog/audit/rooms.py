"""List the rooms of the log, a page at a time, by name in order of code points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.collation import by_code_point
from chatlog.databases.schema import events, rooms, sessions


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room at its head; ``users`` are present now."""

    number: int
    room: str
    head: int
    users: int
    created_at: str
    last_at: str


_head: Final = (
    sa.select(sa.func.max(events.c.seq)).where(events.c.room_id == rooms.c.id).scalar_subquery()
)
_users: Final = (
    sa.select(sa.func.count(sessions.c.user_id.distinct()))
    .where(sessions.c.room_id == rooms.c.id, sessions.c.left_seq.is_(None))
    .scalar_subquery()
)


_first, _last = events.alias("first"), events.alias("last")
_name: Final = by_code_point(rooms.c.room)
_PAGE: Final = (
    sa.select(rooms.c.id, rooms.c.room, _last.c.seq, _users.label("users"), _first.c.at, _last.c.at)
    .select_from(
        rooms.join(_first, sa.and_(_first.c.room_id == rooms.c.id, _first.c.seq == 1)).join(
            _last, sa.and_(_last.c.room_id == rooms.c.id, _last.c.seq == _head)
        )
    )
    .where(_name > sa.bindparam("after"))
    .order_by(_name)
    .limit(sa.bindparam("limit"))
)


async def rooms_after(connection: AsyncConnection, after: str, *, limit: int) -> list[RoomInfo]:
    """Return the next page of rooms after a name (empty: from the first)."""
    asked = {"after": after, "limit": limit}
    found = await connection.execute(_PAGE, asked)
    return [RoomInfo(*row) for row in found]
