"""Resolve a query for events in a snapshot, and read the rows of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import Room, find_room
from chatlog.audit.paging.room_rows import OWN, Row, Shared
from chatlog.audit.presence import seq_at
from chatlog.databases.schema import events
from chatlog.domain.errors import LogError
from chatlog.eventlog import lookup
from chatlog.kinds.event import MAX_SEQ
from chatlog.kinds.event_query import EventQuery, Point

_FIRST_AT: Final = (
    sa.select(events.c.seq)
    .where(events.c.room_id == sa.bindparam("room"), events.c.at >= sa.bindparam("moment"))
    .order_by(events.c.at, events.c.seq)
    .limit(1)
)
# Uses the partial index events_erasures, so the condition must equal the index's.
_LAST_ERASURE: Final = (
    sa.select(sa.func.coalesce(sa.func.max(events.c.seq), 0))
    .where(events.c.room_id == sa.bindparam("room"))
    .where(sa.text("events.type = 'erasure'"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An ``EventQuery`` as of a snapshot: seqs for its times, numbers for its names.

    It is no second form of the question: only ``select`` makes it, and only what reads events
    takes it. ``lowest`` and ``head`` are the room's first and last seq for this reader. At most
    ``limit`` events are meant: those nearest to ``around`` if it is set, otherwise the last ones
    if ``newest``, otherwise the first ones.
    """

    room: int
    first: int
    last: int
    lowest: int
    head: int
    around: int | None
    newest: bool
    limit: int
    types: Sequence[str]
    users: Sequence[int] | None

    def from_(self, first: int) -> Selection:
        """Return all events of these types and users from a seq on, those to come included."""
        first = max(first, self.lowest)
        return replace(self, first=first, last=MAX_SEQ, around=None, newest=False, limit=MAX_SEQ)


async def select(
    connection: AsyncConnection, query: EventQuery, *, lowest: int = 1, highest: int | None = None
) -> Selection:
    """Resolve a query for a reader who sees the room from the seq ``lowest`` to ``highest``.

    Raises:
        Refused: ``room_unknown`` for a room without events.
        LogError: if there is no user of this name.
    """
    room = await find_room(connection, query.room)
    if highest is not None:
        room = replace(room, head=min(room.head, highest))
    first = max(await _first(connection, room, query.first), lowest)
    last = max(await _last(connection, room, query.last), lowest - 1)
    return Selection(
        room=room.number,
        first=first,
        last=last,
        lowest=lowest,
        head=room.head,
        around=None if query.around is None else min(max(query.around, first - 1), last),
        newest=query.first is None,
        limit=MAX_SEQ if query.limit is None else query.limit,
        types=tuple(set(query.types)),
        users=await _users(connection, query.username),
    )


async def _first(connection: AsyncConnection, room: Room, first: Point | None) -> int:
    if first is None or isinstance(first, int):
        return first or 1
    asked = {"room": room.number, "moment": first}
    return int((await connection.execute(_FIRST_AT, asked)).scalar() or room.head + 1)


async def _last(connection: AsyncConnection, room: Room, last: Point | None) -> int:
    if last is None or isinstance(last, int):
        return room.head if last is None else min(last, room.head)
    return await seq_at(connection, room.number, last)


async def _users(connection: AsyncConnection, username: str | None) -> Sequence[int] | None:
    if username is None:
        return None
    if not (found := await lookup.numbers_named(connection, username)):
        raise LogError(f"There is no user called {username!r}.")
    return found


async def read_selected(
    connection: AsyncConnection, selection: Selection, after: int, shared: Shared, *, limit: int
) -> Sequence[Row]:
    """Return the rows of the next selected events after a seq, in order.

    ``shared`` has what the pages before referred to, and then also what these rows refer to:
    ``shared.proved`` takes them.
    """
    statement = OWN.where(
        events.c.room_id == selection.room,
        events.c.seq > after,
        events.c.seq.between(selection.first, selection.last),
        events.c.type.in_(selection.types),
    )
    if selection.users is not None:
        statement = statement.where(events.c.user_id.in_(selection.users))
    paged = statement.order_by(events.c.seq).limit(limit)
    found: Sequence[Row] = (await connection.execute(paged)).all()
    await shared.know(connection, selection.room, found)
    return found


async def last_erasure(connection: AsyncConnection, room: int) -> int:
    """Return the seq of a room's last erasure; 0 if there is none.

    As long as it stays the same, no text and no name in the room has been erased.
    """
    return int((await connection.execute(_LAST_ERASURE, {"room": room})).scalar_one())
