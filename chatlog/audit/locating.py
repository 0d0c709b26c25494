"""Moments: places in a room's history, given by a seq or a time.

Times never go back within a room, so a time corresponds to a seq: that of the last event not
after it. Each function runs inside the caller's snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.presence import seq_at
from chatlog.databases.schema import events
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.eventlog import read

_OF_ROOM: Final = events.c.room_id == sa.bindparam("room")
_BEFORE: Final = (
    sa.select(events.c.seq)
    .where(_OF_ROOM, events.c.at < sa.bindparam("time"))
    .order_by(events.c.at.desc(), events.c.seq.desc())
    .limit(1)
)
_AT: Final = sa.select(events.c.at).where(_OF_ROOM, events.c.seq == sa.bindparam("seq"))


@dataclass(frozen=True, slots=True)
class Room:
    """A room as of a snapshot: its number in the tables, its name and its last seq."""

    number: int
    name: str
    head: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in a room: all events up to ``seq`` have happened, none later.

    ``at`` is the time of that event, None before the first one. ``time`` is the time that was
    asked for: sessions last seen before it are uncertain. It is None for a seq, which asks only
    for the fold of the log.
    """

    seq: int
    at: str | None
    time: str | None


async def find_room(connection: AsyncConnection, name: str) -> Room:
    """Return the room of this name.

    Raises:
        Refused: ``room_unknown``, if it has no events.
    """
    number = await read.room_number(connection, name)
    if number is None:
        raise RoomUnknown
    return Room(number, name, await read.room_head(connection, number))


async def find_moment(connection: AsyncConnection, room: Room, point: int | str | None) -> Moment:
    """Return the moment of a seq or a time; None means now, the room's head.

    Raises:
        Refused: ``after_unknown``, if the seq is past the head.
    """
    if isinstance(point, str):
        seq = await seq_at(connection, room.number, point)
        return Moment(seq, await _time_of(connection, room, seq), point)
    seq = room.head if point is None else point
    if seq > room.head:
        raise Refused("after_unknown", f"The room's last seq is {room.head}.")
    at = await _time_of(connection, room, seq)
    return Moment(seq, at, None)


async def seq_before(connection: AsyncConnection, room: Room, time: str) -> int:
    """Return the seq of the last event before a time; 0 if there is none."""
    found = await connection.execute(_BEFORE, {"room": room.number, "time": time})
    return int(found.scalar() or 0)


async def _time_of(connection: AsyncConnection, room: Room, seq: int) -> str | None:
    return (await connection.execute(_AT, {"room": room.number, "seq": seq})).scalar()
