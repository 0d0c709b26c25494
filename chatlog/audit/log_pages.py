"""Read the whole log in the order of positions: every room's events, or those of some.

Each function runs inside the caller's snapshot. A page scans a bounded number of events, also
when few of them are wanted, so that no snapshot is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Place
from chatlog.databases.places import place_of
from chatlog.databases.schema import events
from chatlog.eventlog.rows import STORED, all_recorded
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import EVENT_TYPES

PAGE: Final = 500
SCAN: Final = 20_000

_scanned: Final = events.alias("scanned")
_next: Final = events.alias("next")
_SCANNED: Final = (
    sa.select(_scanned.c.position)
    .where(_scanned.c.position > sa.bindparam("after"))
    .order_by(_scanned.c.position)
    .limit(sa.bindparam("scan", type_=sa.Integer))
    .subquery()
)
_REACH: Final = sa.select(events.c.position, events.c.hash).where(
    events.c.position == sa.select(sa.func.max(_SCANNED.c.position)).scalar_subquery()
)
_NEXT: Final = (
    sa.select(_next.c.position)
    .where(_next.c.position > sa.bindparam("after"), _next.c.position <= sa.bindparam("upto"))
    .order_by(_next.c.position)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
# The additions keep the planners from the indexes of rooms and types: those would read all of
# a room's events and sort them, for each page.
_OF_ROOMS: Final = (_next.c.room_id + 0).in_(sa.bindparam("rooms", expanding=True))
_OF_TYPES: Final = (_next.c.type + "").in_(sa.bindparam("types", expanding=True))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are wanted: those of these rooms (by number; None is all) and types."""

    rooms: Sequence[int] | None = None
    types: Sequence[str] = EVENT_TYPES


async def read_page(
    connection: AsyncConnection, after: int, wanted: Wanted
) -> tuple[list[Recorded], Place | None]:
    """Return the next wanted events after a position, and the place up to which was read.

    The place is None at the log's end.
    """
    row = (await connection.execute(_REACH, {"after": after, "scan": SCAN})).first()
    if row is None:
        return [], None
    reach = place_of(row)
    asked: dict[str, object] = {"after": after, "upto": reach.position, "limit": PAGE}
    positions = _NEXT
    if wanted.rooms is not None:
        positions = positions.where(_OF_ROOMS)
        asked |= {"rooms": wanted.rooms}
    if set(wanted.types) < set(EVENT_TYPES):
        positions = positions.where(_OF_TYPES)
        asked |= {"types": wanted.types}
    statement = STORED.where(events.c.position.in_(positions)).order_by(events.c.position)
    page = all_recorded((await connection.execute(statement, asked)).all())
    if len(page) == PAGE:
        reach = Place(page[-1].position, page[-1].hash)
    return page, reach
