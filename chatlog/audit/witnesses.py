"""List the users who could have seen an event, each once, with the strongest reason.

``open``: present when it happened. ``uncertain``: present in the log, but past the time
their session was last seen (``audit.certainty``). ``replayed``: joined later and
received it on joining. ``possible``: joined later and did not receive it, but may have paged
back to it. Users who were not in the room at or after the event are not listed: reading
without joining leaves no trace in the log.

Where people prove who they are, their roles decide who is ``possible`` (``audit.paging_back``),
and each subject is listed once. Those whose right alone shows it, without a join since, end the
list, without a session.

The list is ordered by the sessions that show it. The cost of a page grows with its length; the
search for ``possible`` witnesses reads at most ``_SCAN`` sessions, since these are rare among a
million sessions of ten people. So a page may be shorter than requested and not be the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.certainty import CERTAINTY, is_uncertain
from chatlog.audit.locating import Room
from chatlog.audit.open_sessions import OPEN_SESSIONS, REPLAYS, ROOM, SEQ
from chatlog.audit.paging_back import (
    Since,
    has_people,
    rights_since,
    subjects_of,
    who_may_have_paged,
    who_never_came_again,
)
from chatlog.databases.schema import nodes, sessions, users
from chatlog.domain.times import text
from chatlog.eventlog.present_names import names_of

Certainty = Literal["open", "uncertain", "replayed", "possible"]

_SCAN: Final = 1_000

_PRESENT: Final[sa.Select[Any]] = (
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
    before, other = sessions.alias("before"), users.alias("other")
    joins = (
        sa.select(before.c.joined_seq)
        .where(before.c.room_id == ROOM)
        .where(before.c.joined_seq > SEQ, before.c.joined_seq < sessions.c.joined_seq)
    )
    names = sa.select(other.c.id).where(other.c.subject_id == users.c.subject_id)
    return sa.or_(
        joins.where(before.c.user_id == sessions.c.user_id).exists(),
        sa.and_(
            users.c.subject_id.is_not(None),
            joins.where(before.c.user_id.in_(names.correlate(users))).exists(),
        ),
    )


def _later(came_before: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select the next sessions that joined later; ``came_before``: their user had already."""
    return (
        sa.select(
            sessions.c.user_id,
            users.c.subject_id,
            sessions.c.joined_seq,
            sessions.c.joined_at,
            came_before.label("came_before"),
        )
        .join(users, users.c.id == sessions.c.user_id)
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

    ``username`` is None once erased. Without a session, the user's right to read shows it.
    """

    certainty: Certainty
    username: str | None
    session: str | None
    joined_seq: int | None
    joined_at: str | None
    left_seq: int | None
    left_at: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a list has been read: past the sessions that joined at ``past``.

    Beyond ``upto``, ``past`` counts subjects by their numbers. ``upto`` is the room's head when
    the reading began: later joins are not listed, so pages do not shift.
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
    people = await _people(connection, room, seq, at, list(certain))
    found = sorted(certain.values(), key=lambda one: one.place)
    found = [one for one in found if one.place > cursor.past]
    reached = cursor.upto
    if sum(one.place <= seq for one in found) <= limit:
        past = max(cursor.past, seq)
        possible, reached = await _possible(connection, asked | {"past": past}, certain, people)
        found = sorted(found + possible, key=lambda one: one.place)
        found = [one for one in found if one.place <= max(reached, seq)]
    page = found[:limit]
    shown = await _shown(connection, room, page)
    if len(found) > limit:
        return shown, Cursor(page[-1].place, cursor.upto)
    if reached < cursor.upto:
        return shown, Cursor(reached, cursor.upto)
    if people is None:
        return shown, None
    more, next_ = await _by_right(connection, people, cursor, limit - len(shown))
    return shown + more, next_


@dataclass(frozen=True, slots=True)
class _People:
    """Whom the roles decide about: those who are certain witnesses, and the room's rights."""

    certain: set[int]
    since: Since


async def _people(
    connection: AsyncConnection, room: Room, seq: int, at: str, certain: list[int]
) -> _People | None:
    """Return what decides about people; None in a log without any."""
    if not await has_people(connection):
        return None
    now = text(datetime.now(UTC))
    since = await rights_since(connection, room.number, seq, at, now)
    return _People(await subjects_of(connection, certain), since)


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
    connection: AsyncConnection,
    asked: dict[str, int],
    certain: dict[int, _Found],
    people: _People | None,
) -> tuple[list[_Found], int]:
    """Return the other users who joined later, and the seq up to which sessions were read."""
    statement = _FIRST_LATER if asked["past"] == asked["seq"] else _LATER
    rows = (await connection.execute(statement, asked)).all()
    found: dict[tuple[str, int], sa.Row[Any]] = {}
    for row in rows:
        is_listed = people is not None and row.subject_id in people.certain
        if row.came_before or row.user_id in certain or is_listed:
            continue
        of = ("user", row.user_id) if row.subject_id is None else ("subject", row.subject_id)
        found.setdefault(of, row)
    reached = rows[-1].joined_seq if len(rows) == _SCAN else asked["upto"]
    allowed = await _allowed(connection, list(found.values()), people)
    return [_Found(seq, seq, "possible") for seq in allowed], reached


async def _allowed(
    connection: AsyncConnection, rows: list[sa.Row[Any]], people: _People | None
) -> list[int]:
    """Return the joins of those who may have paged back, by their roles if they have any."""
    if people is None:
        return [row.joined_seq for row in rows]
    since = people.since
    subjects = [row.subject_id for row in rows if row.subject_id is not None]
    allowed = await who_may_have_paged(connection, since, subjects)
    return [
        row.joined_seq
        for row in rows
        if row.subject_id is None
        or row.subject_id in allowed
        or since.is_by_scope(row.subject_id, row.joined_seq, row.joined_at)
    ]


async def _by_right(
    connection: AsyncConnection, people: _People, cursor: Cursor, limit: int
) -> tuple[list[Witness], Cursor | None]:
    """Return the next of those whose right alone shows that they may have paged back."""
    upto = cursor.upto
    found = await who_never_came_again(connection, people.since, people.certain, upto)
    found = [one for one in found if one > cursor.past - upto]
    page = found[:limit]
    names = await names_of(connection, page)
    shown = [Witness("possible", names.get(one), None, None, None, None, None) for one in page]
    if len(found) > limit:
        return shown, Cursor(upto + page[-1] if page else max(cursor.past, upto), upto)
    return shown, None


async def _shown(connection: AsyncConnection, room: Room, page: list[_Found]) -> list[Witness]:
    asked = {"room": room.number, "joins": [one.shown for one in page]}
    rows = {row.joined_seq: row for row in await connection.execute(_SHOWN, asked)}
    return [Witness(one.certainty, *rows[one.shown]) for one in page]
