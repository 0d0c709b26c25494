"""List the sessions that overlap a range of a room's past, in order of joins, page by page.

First come the sessions already open at the start of the range, found like the users present
at a seq; then those that joined within the range, by an index range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import Room, seq_before
from chatlog.audit.open_sessions import OPEN_SESSIONS, ROOM
from chatlog.audit.presence import seq_at
from chatlog.databases.schema import sessions, users
from chatlog.domain.errors import Refused

_AFTER: Final = sa.bindparam("after", type_=sa.BigInteger)
_LIMIT: Final = sa.bindparam("limit", type_=sa.BigInteger)


def _page(of: sa.FromClause, joined: sa.ColumnElement[int]) -> sa.Select[Any]:
    return (
        sa.select(
            of.c.session,
            users.c.username,
            of.c.joined_seq,
            of.c.joined_at,
            of.c.left_seq,
            of.c.left_at,
            of.c.cause,
            of.c.last_seen_at,
        )
        .join(users, users.c.id == of.c.user_id)
        .where(joined > _AFTER)
        .order_by(joined)
        .limit(_LIMIT)
    )


# `+ 0` keeps SQLite from scanning all sessions by the index on joined_seq to get their order.
_OPEN_BEFORE: Final = _page(OPEN_SESSIONS, OPEN_SESSIONS.c.joined_seq + 0)
_JOINED_WITHIN: Final = _page(sessions, sessions.c.joined_seq).where(
    sessions.c.room_id == ROOM,
    sessions.c.joined_seq <= sa.bindparam("last", type_=sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Session:
    """One session; ``username`` is None once erased, ``left_seq`` is None while it is open."""

    session: str
    username: str | None
    joined_seq: int
    joined_at: str
    left_seq: int | None
    left_at: str | None
    cause: str | None
    last_seen_at: str | None


@dataclass(frozen=True, slots=True)
class Range:
    """A range of a room's past, both ends inclusive; ``first`` is at least 1."""

    first: int
    last: int


async def find_range(
    connection: AsyncConnection, room: Room, first: int | str | None, last: int | str | None
) -> Range:
    """Return the range between two seqs or times; without an end, up to the room's head.

    Raises:
        Refused: ``after_unknown`` if it begins past the head, ``bad_command`` if it ends
            before it begins.
    """
    if isinstance(first, str):
        start = await seq_before(connection, room, first) + 1
    else:
        start = max(first or 1, 1)
        if start > room.head:
            raise Refused("after_unknown", f"The room's last seq is {room.head}.")
    if isinstance(last, str):
        end = await seq_at(connection, room.number, last)
    else:
        end = room.head if last is None else min(last, room.head)
    if end < start - 1 or _is_reversed(first, last):
        raise Refused("bad_command", "`to` must not be before `from`.")
    return Range(start, end)


def _is_reversed(first: int | str | None, last: int | str | None) -> bool:
    if isinstance(first, int) and isinstance(last, int):
        return first > last
    return isinstance(first, str) and isinstance(last, str) and first > last


async def sessions_within(
    connection: AsyncConnection, room: Room, within: Range, *, after: int, limit: int
) -> list[Session]:
    """Return the next sessions of a range, after the one that joined at ``after``.

    A session overlaps the range if it joined by the end of the range and did not leave before
    its beginning: a session that left at ``first`` itself is included.
    """
    # A session that did not leave before `first` was open at the previous event.
    before = within.first - 1
    asked = {"room": room.number, "seq": before, "after": after, "limit": limit}
    rows = []
    if after < before:
        rows = list((await connection.execute(_OPEN_BEFORE, asked)).all())
    if len(rows) < limit:
        asked |= {"after": max(after, before), "last": within.last, "limit": limit - len(rows)}
        rows += (await connection.execute(_JOINED_WITHIN, asked)).all()
    return [Session(*row) for row in rows]
