"""Select events of a room by seq or time, by person, by type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.page_ranges import number_of
from chatlog.audit.presence import seq_at
from chatlog.audit.proofs import PROVED, proved
from chatlog.databases.schema import events
from chatlog.domain.errors import LogError
from chatlog.eventlog import lookup, read
from chatlog.kinds.event import Proved
from chatlog.kinds.registry import EVENT_TYPES

Read = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Lends a connection in a snapshot; which may be the same each time."""

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
class Wanted:
    """The criteria; ``begin`` and ``end`` are seqs or times, both inclusive."""

    room: str
    begin: int | str | None = None
    end: int | str | None = None
    username: str | None = None
    types: Sequence[str] = EVENT_TYPES

    @property
    def is_whole(self) -> bool:
        """Whether this selects the room's complete chain."""
        everything = set(self.types) >= set(EVENT_TYPES)
        return everything and self.begin is None and self.end is None and self.username is None


@dataclass(frozen=True, slots=True)
class Selection:
    """The events between two seqs, of these types and users (by number; None: of all)."""

    room: int
    first: int
    last: int
    types: Sequence[str]
    users: Sequence[int] | None


async def select(connection: AsyncConnection, wanted: Wanted) -> Selection:
    """Resolve the criteria in the caller's snapshot.

    Raises:
        LogError: if there is no such room, or no user of this name.
    """
    room = await number_of(connection, wanted.room)
    head = await read.room_head(connection, room)
    users = None
    if wanted.username is not None:
        users = await lookup.numbers_named(connection, wanted.username)
        if not users:
            raise LogError(f"There is no user called {wanted.username!r}.")
    first = await _first(connection, room, wanted.begin, head)
    return Selection(
        room, first, await _last(connection, room, wanted.end, head), wanted.types, users
    )


async def _first(connection: AsyncConnection, room: int, begin: int | str | None, head: int) -> int:
    if begin is None or isinstance(begin, int):
        return begin or 1
    asked = {"room": room, "moment": begin}
    return int((await connection.execute(_FIRST_AT, asked)).scalar() or head + 1)


async def _last(connection: AsyncConnection, room: int, end: int | str | None, head: int) -> int:
    if end is None or isinstance(end, int):
        return head if end is None else min(end, head)
    return await seq_at(connection, room, end)


async def read_selected(
    connection: AsyncConnection, selection: Selection, after: int, *, limit: int
) -> list[Proved]:
    """Return the next selected events after a seq, with their proofs."""
    statement: sa.Select[Any] = PROVED.where(
        events.c.room_id == selection.room,
        events.c.seq > after,
        events.c.seq.between(selection.first, selection.last),
        events.c.type.in_(selection.types),
    )
    if selection.users is not None:
        statement = statement.where(events.c.user_id.in_(selection.users))
    found = await connection.execute(statement.order_by(events.c.seq).limit(limit))
    return [proved(row) for row in found]


async def last_erasure(connection: AsyncConnection, room: int) -> int:
    """Return the seq of a room's last erasure; 0 if there is none.

    As long as it stays the same, no text and no name in the room has been erased.
    """
    return int((await connection.execute(_LAST_ERASURE, {"room": room})).scalar_one())
