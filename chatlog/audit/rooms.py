"""List the rooms of the log, a page at a time, by name in order of code points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import IS_PUBLIC, MEMBER, events, rooms, sessions, users
from chatlog.databases.schema.collation import by_code_point


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room at its head; ``users`` are present now. ``Door.rooms`` adds the number of ``chats``.

    For a person it has the room's access, topic and the person's role; what that person may not
    know of a listed room is None.
    """

    number: int
    room: str
    head: int | None
    users: int | None
    created_at: str | None
    last_at: str | None
    access: str | None = None
    topic: str | None = None
    role: str | None = None
    chats: int | None = None


_users: Final = (
    sa.select(sa.func.count(sessions.c.user_id.distinct()))
    .where(sessions.c.room_id == rooms.c.id, sessions.c.left_seq.is_(None))
    .scalar_subquery()
)


def _of_last(column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    of_room = sa.select(column).where(events.c.room_id == rooms.c.id)
    return of_room.order_by(events.c.seq.desc()).limit(1).scalar_subquery()


# Subqueries, one look at an index each for the rooms of a page. Of joins, PostgreSQL makes other
# plans once it does not plan for the parameters any more: 47 ms in a log of 10,000 rooms, not 2.
_FACTS: Final = (
    rooms.c.id,
    rooms.c.room,
    _of_last(events.c.seq).label("head"),
    _users.label("users"),
    sa.select(events.c.at)
    .where(events.c.room_id == rooms.c.id, events.c.seq == 1)
    .scalar_subquery()
    .label("created_at"),
    _of_last(events.c.at).label("last_at"),
)
_name: Final = by_code_point(rooms.c.room)
_PAGE: Final = (
    sa.select(*_FACTS)
    .where(_name > sa.bindparam("after"))
    .order_by(_name)
    .limit(sa.bindparam("limit"))
)
# The server names private rooms: their names begin with "~", and no others do.
_BEFORE_PRIVATE: Final = _PAGE.where(_name < "~")
_AFTER_PRIVATE: Final = _PAGE.where(_name >= "\x7f")
_of_subject: Final = users.alias("of_subject")
_uuids: Final = sa.select(_of_subject.c.uuid).where(
    _of_subject.c.subject_id == sa.bindparam("subject")
)
_known: Final = sa.union(
    sa.select(events.c.room_id).where(events.c.type == MEMBER, events.c.of.in_(_uuids)),
    sa.select(events.c.room_id).where(sa.text(IS_PUBLIC)),
)
# Not the name itself, whose index has the planner walk through all private rooms.
_hidden_name: Final = by_code_point(rooms.c.room.concat(""))
_MADE_PRIVATE: Final = (
    sa.select(*_FACTS)
    .where(
        rooms.c.id.in_(_known),
        _hidden_name > sa.bindparam("after"),
        _hidden_name >= "~",
        _hidden_name < "\x7f",
    )
    .order_by(_hidden_name)
    .limit(sa.bindparam("limit"))
)


async def rooms_after(connection: AsyncConnection, after: str, *, limit: int) -> list[RoomInfo]:
    """Return the next page of rooms after a name (empty: from the first)."""
    asked = {"after": after, "limit": limit}
    found = await connection.execute(_PAGE, asked)
    return [RoomInfo(*row) for row in found]


async def rooms_for(
    connection: AsyncConnection, after: str, *, subject: int, limit: int
) -> list[RoomInfo]:
    """Return the next rooms that a subject, given by number, may know of, as ``rooms_after``.

    Rooms that are secrets to the subject are not even looked at: neither the rows nor the time
    tell how many there are. Of the others, some may have become private.
    """
    found: list[RoomInfo] = []
    for part in (_BEFORE_PRIVATE, _MADE_PRIVATE, _AFTER_PRIVATE):
        asked = {"after": after, "subject": subject, "limit": limit - len(found)}
        found += [RoomInfo(*row) for row in await connection.execute(part, asked)]
        if len(found) == limit:
            break
    return found
