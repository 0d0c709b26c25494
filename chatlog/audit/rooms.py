"""List the rooms of the log, a page at a time, by name in order of code points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

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


def _statement(name: Any) -> sa.Select[Any]:
    first, last = events.alias("first"), events.alias("last")
    return (
        sa.select(
            rooms.c.id, rooms.c.room, last.c.seq, _users.label("users"), first.c.at, last.c.at
        )
        .select_from(
            rooms.join(first, sa.and_(first.c.room_id == rooms.c.id, first.c.seq == 1)).join(
                last, sa.and_(last.c.room_id == rooms.c.id, last.c.seq == _head)
            )
        )
        .where(name > sa.bindparam("after"))
        .order_by(name)
        .limit(sa.bindparam("limit"))
    )


# SQLite compares bytes by default; PostgreSQL would use the database's collation.
_PAGE: Final = {
    "sqlite": _statement(rooms.c.room),
    "postgresql": _statement(rooms.c.room.collate("C")),
}


async def rooms_after(connection: AsyncConnection, after: str, *, limit: int) -> list[RoomInfo]:
    """Return the next page of rooms after a name (empty: from the first)."""
    asked = {"after": after, "limit": limit}
    found = await connection.execute(_PAGE[connection.dialect.name], asked)
    return [RoomInfo(*row) for row in found]
