"""Find the range of a room's events that a request asks for, from the index alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events
from chatlog.domain.errors import LogError
from chatlog.eventlog import read
from chatlog.kinds.registry import EVENT_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRequest:
    """The events asked for: at most one of the three anchors; none means the newest."""

    room: str
    before: int | None = None
    after: int | None = None
    around: int | None = None
    limit: int = 50
    types: Sequence[str] = EVENT_TYPES


@dataclass(frozen=True, slots=True)
class PageRange:
    """At most ``limit`` events of a room (given by number), from ``first`` to ``last``."""

    room: int
    first: int
    last: int
    limit: int
    types: Sequence[str]


_of_types: Final = sa.and_(
    events.c.room_id == sa.bindparam("room"),
    events.c.type.in_(sa.bindparam("types", expanding=True)),
)
_NTH_BEFORE: Final = (
    sa.select(events.c.seq)
    .where(_of_types, events.c.seq < sa.bindparam("before"))
    .order_by(events.c.seq.desc())
    .offset(sa.bindparam("skipped"))
    .limit(1)
)
_SOME_AFTER: Final = (
    sa.select(events.c.seq)
    .where(_of_types, events.c.seq > sa.bindparam("after"))
    .limit(sa.bindparam("limit"))
    .subquery()
)
_COUNT_AFTER: Final = sa.select(sa.func.count()).select_from(_SOME_AFTER)


async def _nth_before(
    connection: AsyncConnection, room: int, before: int, n: int, types: Sequence[str]
) -> int | None:
    """Return the seq of the ``n``-th newest event of these types before a seq, if there is one."""
    asked = {"room": room, "before": before, "skipped": n - 1, "types": types}
    return (await connection.execute(_NTH_BEFORE, asked)).scalar()


async def _count_after(
    connection: AsyncConnection, room: int, after: int, types: Sequence[str], *, limit: int
) -> int:
    """Return how many events of these types come after a seq, counting to ``limit`` at most."""
    asked = {"room": room, "after": after, "limit": limit, "types": types}
    return int((await connection.execute(_COUNT_AFTER, asked)).scalar_one())


async def number_of(connection: AsyncConnection, room: str) -> int:
    """Return the number of the room of this name.

    Raises:
        LogError: if no room of this name has events.
    """
    number = await read.room_number(connection, room)
    if number is None:
        raise LogError(f"There is no room called {room!r}.")
    return number


async def find_page_range(connection: AsyncConnection, request: RangeRequest) -> PageRange:
    """Return the range that answers a request.

    Raises:
        LogError: if there is no room of this name.
    """
    number = await number_of(connection, request.room)
    head = await read.room_head(connection, number)
    first, last = await _ends(connection, number, head, request)
    return PageRange(number, first, last, request.limit, request.types)


async def _ends(
    connection: AsyncConnection, room: int, head: int, request: RangeRequest
) -> tuple[int, int]:
    limit, types = request.limit, request.types
    if request.after is not None:
        return request.after + 1, head
    if request.around is not None:
        # Half the events after it; a short side yields space to the other.
        around = min(request.around, head)
        newer = await _count_after(connection, room, around, types, limit=limit // 2)
        return await _nth_before(connection, room, around + 1, limit - newer, types) or 1, head
    before = head + 1 if request.before is None else min(request.before, head + 1)
    return await _nth_before(connection, room, before, limit, types) or 1, before - 1
