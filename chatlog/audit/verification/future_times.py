"""Events dated in the future, left in the log by a clock that was ahead.

They are as they were written, so they are not wrong; but new events in their rooms repeat
that time until the clock has caught up, and readers of the times should know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from chatlog.databases.database import Database
from chatlog.databases.schema import events, rooms

_LAST: Final = (
    sa.select(sa.func.max(events.c.at)).where(events.c.room_id == rooms.c.id).scalar_subquery()
)
_AHEAD: Final = (
    sa.select(rooms.c.id, rooms.c.room, _LAST.label("until"))
    .where(sa.bindparam("now", type_=sa.Text) < _LAST)
    .order_by(rooms.c.room)
)
_COUNT: Final = sa.select(sa.func.count()).where(
    events.c.room_id == sa.bindparam("room"), events.c.at > sa.bindparam("now")
)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A room's events dated in the future: their number, and the time of the last one."""

    room: str
    events: int
    until: str


async def events_ahead(database: Database, room: int | None = None) -> tuple[Ahead, ...]:
    """Return the future events of each room, or of the room with this number."""
    wanted = _AHEAD if room is None else _AHEAD.where(rooms.c.id == room)
    async with database.read() as connection:
        now = await database.backend.now(connection)
        found = (await connection.execute(wanted, {"now": now})).all()
        counts = [
            (await connection.execute(_COUNT, {"room": row.id, "now": now})).scalar_one()
            for row in found
        ]
    return tuple(
        Ahead(row.room, count, row.until) for row, count in zip(found, counts, strict=True)
    )
