"""List the users who could have seen an event, each once, with the strongest reason.

``open``: present when it happened. ``uncertain``: present in the log, but past the time
their session was last seen (``audit.certainty``). ``replayed``: joined later and
received it on joining. ``possible``: joined later and did not receive it, but may have paged
back to it. Users who were not in the room at or after the event are not listed: reading
without joining leaves no trace in the log.

The list is ordered by the sessions that show it. The cost of a page grows with its length; the
search for ``possible`` witnesses reads at most ``_SCAN`` sessions, since these are rare among a
million sessions of ten people. So a page may be shorter than requested and not be the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.certainty import CERTAINTY, is_uncertain
from chatlog.audit.locating import Room
from chatlog.audit.open_sessions import OPEN_SESSIONS, REPLAYS, ROOM, SEQ
from chatlog.databases.schema import nodes, sessions, users

Certainty = Literal["open", "uncertain", "replayed", "possible"]

_SCAN: Final = 1_000

_PRESENT: Final = (
    sa.select(OPEN_SESSIONS.c.user_id, OPEN_SESSIONS.c.joined_seq, *CERTAINTY)
    .join(nodes, nodes.c.id == OPEN_SESSIONS.c.node_id)
    .order_by(OPEN_SESSIONS.c.joined_seq)
)
_REPLAYED: Final = (
    sa.select(REPLAYS.c.user_id, sa.func.min(REPLAYS.c.joined_seq).label("joined_seq"))
    .where(REPLAYS.c.joined_seq <= sa.bindparam("upto", type_=sa.BigInteger))
    .group_by(REPLAYS.c.user_id)
)


def _came_before() -> sa.ColumnElement[bool]:
    before = sessions.alias("before")
    return (
        sa.select(before.c.joined_seq)
        .where(before.c.room_id == ROOM, before.c.user_id == sessions.c.user_id)
        .where(before.c.joined_seq > SEQ, before.c.joined_seq < sessions.c.joined_seq)
        .exists()
    )


def _later(came_before: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select the next sessions that joined later; ``came_before``: their user had already."""
    return (
        sa.select(sessions.c.user_id, sessions.c.joined_seq, came_before.label("came_before"))
        .where(sessions.c.room_id == ROOM)
        .where(sessions.c.joined_seq > sa.bindparam("past", type_=sa.BigInteger))
        .where(sessions.c.joined_seq <= sa.bindparam("upto", type_=sa.BigInteger))
        .order_by(sessions.c.joined_seq)
        .limit(_SCAN)
    )


_LATER: Final = _later(_came_before())
# Where the search begins, whoever came before is in it: a thousand look-ups fewer, each of
# another page of the file, which were a third of the time.
_FIRST_LATER: Final = _later(sa.literal(0))
_SHOWN: Final = (
    sa.select(
        users.c.username,
        sessions.c.session,
        sessions.c.joined_seq,
        sessions.c.joined_at,
        sessions.c.left_seq,
        sessions.c.left_at,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.room_id == ROOM)
    .where(sessions.c.joined_seq.in_(sa.bindparam("joins", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Witness:
    """A user who could have seen the event, and the session that shows it.

    ``username`` is None once erased.
    """

    certainty: Certainty
    username: str | None
    session: str
    joined_seq: int
    joined_at: str
    left_seq: int | None
    left_at: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a list has been read: past the sessions that joined at ``past``.

    ``upto`` is the room's head when the reading began: later joins are not listed, so pages do
    not shift.
    """

    past: int
    upto: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A witness as two join seqs: the place in the list, and the session to show."""

    place: int
    shown: int
    certainty: Certainty


async def witnesses_of(
    connection: AsyncConnection,
    room: Room,
    seq: int,
    at: str,
    *,
    cursor: Cursor | None = None,
    limit: int,
) -> tuple[list[Witness], Cursor | None]:
    """Return the next witnesses of the event at ``seq`` and ``at``, and a cursor to continue from.

    The cursor is None after the last page.
    """
    cursor = cursor or Cursor(0, room.head)
    asked = {"room": room.number, "seq": seq, "upto": cursor.upto}
    certain = await _certain(connection, asked, at)
    found = sorted(certain.values(), key=lambda one: one.place)
    found = [one for one in found if one.place > cursor.past]
    reached = cursor.upto
    if sum(one.place <= seq for one in found) <= limit:
        past = max(cursor.past, seq)
        possible, reached = await _possible(connection, asked | {"past": past}, certain)
        found = sorted(found + possible, key=lambda one: one.place)
        found = [one for one in found if one.place <= max(reached, seq)]
    page = found[:limit]
    shown = await _shown(connection, room, page)
    if len(found) > limit:
        return shown, Cursor(page[-1].place, cursor.upto)
    return shown, Cursor(reached, cursor.upto) if reached < cursor.upto else None


async def _certain(
    connection: AsyncConnection, asked: dict[str, int], at: str
) -> dict[int, _Found]:
    """Return by user the witnesses who were present or received the event in a replay."""
    certain: dict[int, _Found] = {}
    for row in await connection.execute(_PRESENT, asked):
        surely = not is_uncertain(row.last_seen, row.silent_seconds, at)
        known = certain.get(row.user_id)
        if known is None:
            certainty: Certainty = "open" if surely else "uncertain"
            certain[row.user_id] = _Found(row.joined_seq, row.joined_seq, certainty)
        elif surely and known.certainty == "uncertain":
            # The place stays that of the first session: only later ones show whether a server died.
            certain[row.user_id] = _Found(known.place, row.joined_seq, "open")
    for user, joined_seq in await connection.execute(_REPLAYED, asked):
        certain.setdefault(user, _Found(joined_seq, joined_seq, "replayed"))
    return certain


async def _possible(
    connection: AsyncConnection, asked: dict[str, int], certain: dict[int, _Found]
) -> tuple[list[_Found], int]:
    """Return the other users who joined later, and the seq up to which sessions were read."""
    statement = _FIRST_LATER if asked["past"] == asked["seq"] else _LATER
    rows = (await connection.execute(statement, asked)).all()
    found: dict[int, _Found] = {}
    for row in rows:
        if not row.came_before and row.user_id not in certain:
            found.setdefault(row.user_id, _Found(row.joined_seq, row.joined_seq, "possible"))
    return list(found.values()), rows[-1].joined_seq if len(rows) == _SCAN else asked["upto"]


async def _shown(connection: AsyncConnection, room: Room, page: list[_Found]) -> list[Witness]:
    asked = {"room": room.number, "joins": [one.shown for one in page]}
    rows = {row.joined_seq: row for row in await connection.execute(_SHOWN, asked)}
    return [Witness(one.certainty, *rows[one.shown]) for one in page]
