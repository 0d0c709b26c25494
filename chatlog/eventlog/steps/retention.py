"""Retention rules: how long rooms keep texts, who set the rules, and what is due for erasure.

Whether a text or a person is due is decided under the log's lock, in the transaction that
erases: a person who has returned meanwhile is not erased.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, retention, retention_changes, rooms, sessions, users
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step
from chatlog.eventlog.read import room_number
from chatlog.eventlog.steps.erasing import erase_users, users_with
from chatlog.eventlog.steps.erasing_texts import MAX_SEQS, erase_texts
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import MESSAGE_TYPES

logger = logging.getLogger(__name__)

MAX_DAYS: Final = 36_500
"""A hundred years; the minimum is one day."""

_ALL: Final = (
    sa.select(rooms.c.room, retention.c.days, retention.c.names)
    .select_from(retention.join(rooms))
    .order_by(rooms.c.room)
)
_OLD_CHATS: Final = (
    sa.select(events.c.seq)
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.at < sa.bindparam("before"),
        events.c.type.in_(MESSAGE_TYPES),
        events.c.text.is_not(None),
    )
    .order_by(events.c.seq)
    .limit(sa.bindparam("limit"))
)
_any_stay = sessions.alias()
_any_post = events.alias()
_same = users.alias()
_IS_RECENT: Final = sa.or_(
    _any_stay.c.left_at.is_(None), _any_stay.c.left_at >= sa.bindparam("before")
)
# Whoever posts need not be present.
_IS_RECENT_POST: Final = sa.and_(
    _any_post.c.at >= sa.bindparam("before"), _any_post.c.type.in_(MESSAGE_TYPES)
)
_HAS_BEEN_AWAY: Final = sa.and_(
    users.c.username.is_not(None),
    ~sa.exists().where(_any_stay.c.user_id == users.c.id, _IS_RECENT),
    ~sa.exists().where(_any_post.c.user_id == users.c.id, _IS_RECENT_POST),
    # A subject is away only under all of its names.
    ~sa.exists().where(
        _same.c.subject_id == users.c.subject_id, _any_stay.c.user_id == _same.c.id, _IS_RECENT
    ),
    ~sa.exists().where(
        _same.c.subject_id == users.c.subject_id,
        _any_post.c.user_id == _same.c.id,
        _IS_RECENT_POST,
    ),
)
_WAS_PRESENT: Final = users.c.id.in_(
    sa.select(sessions.c.user_id).where(sessions.c.room_id == sa.bindparam("room"))
)
_HAS_POSTED: Final = sa.exists().where(
    _any_post.c.user_id == users.c.id,
    _any_post.c.room_id == sa.bindparam("room"),
    _any_post.c.type.in_(MESSAGE_TYPES),
)
_AWAY: Final = (
    sa.select(users.c.id)
    .where(_HAS_BEEN_AWAY, sa.or_(_WAS_PRESENT, _HAS_POSTED))
    .order_by(users.c.id)
    .limit(sa.bindparam("limit"))
)
_STILL_AWAY: Final = sa.select(users.c.id).where(
    _HAS_BEEN_AWAY, users.c.id == sa.bindparam("number")
)
_CHANGES: Final = (
    sa.select(
        retention_changes.c.at,
        retention_changes.c.days,
        retention_changes.c.names,
        retention_changes.c.by,
    )
    .where(retention_changes.c.room_id == sa.bindparam("room"))
    .order_by(retention_changes.c.id)
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A room keeps texts for ``days``; with ``names``, people until they were away that long."""

    room: str
    days: int
    names: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A rule was set, or ended if ``days`` is None."""

    at: str
    days: int | None
    names: bool
    by: str


def check_days(days: object) -> None:
    """Refuse a number of days that is out of range.

    Raises:
        Refused: ``bad_command``, with the range.
    """
    if type(days) is not int or not 1 <= days <= MAX_DAYS:
        raise Refused("bad_command", f"Retention must be 1 to {MAX_DAYS:,} days.")


async def rules(connection: AsyncConnection) -> list[Rule]:
    """Return all valid rules, by room.

    Earlier versions accepted any number of days.
    """
    found = []
    for row in await connection.execute(_ALL):
        try:
            check_days(row.days)
        except Refused:
            logger.warning(
                "Ignoring the retention rule of room %r: %s days is out of range.",
                row.room,
                row.days,
            )
        else:
            found.append(Rule(row.room, row.days, row.names))
    return found


async def changes(connection: AsyncConnection, room: str) -> list[Change]:
    """Return the changes of a room's rule, in order.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """
    found = await connection.execute(_CHANGES, {"room": await _number(connection, room)})
    return [Change(row.at, row.days, row.names, row.by) for row in found]


def set_rule(room: str, rule: Rule | None, *, by: str) -> Step[None]:
    """Return the step that replaces a room's rule; None removes it.

    A change is recorded with its operator.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        number = await _number(connection, room)
        ended = await connection.execute(retention.delete().where(retention.c.room_id == number))
        if rule is not None:
            row = {"room_id": number, "days": rule.days, "names": rule.names}
            await connection.execute(retention.insert(), row)
        elif not ended.rowcount:
            return
        days, names = (None, False) if rule is None else (rule.days, rule.names)
        await _record(connection, number, Change(batch.now, days, names, by))

    return step


async def _record(connection: AsyncConnection, room: int, change: Change) -> None:
    number = await lookup.next_number(connection, retention_changes.c.id)
    row = {"id": number, "room_id": room, **asdict(change)}
    await connection.execute(retention_changes.insert(), row)


def erase_old_texts(room: str, before: str, *, by: str, reason: str) -> Step[list[Recorded]]:
    """Return the step that erases the oldest texts from before a time, at most ``MAX_SEQS``.

    The step returns the erasures: none once nothing is left.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Recorded]:
        seqs = await old_chats(connection, room, before, limit=MAX_SEQS)
        await batch.know(connection, {room}, {lookup.operator(by)})
        return await erase_texts(
            connection, batch, batch.room(room), seqs, by=batch.operator(by), reason=reason
        )

    return step


def erase_if_away(number: int, before: str, *, by: str, reason: str) -> Step[list[Recorded]]:
    """Return the step that erases a user (given by number) who was in no room since a time.

    A subject is erased with all of its users.

    The step returns the erasures: none if the user is present, has returned, or is erased.
    Other users of the same name are not affected.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Recorded]:
        found = await connection.execute(_STILL_AWAY, {"number": number, "before": before})
        if found.first() is None:
            return []
        gone = await users_with(connection, [number])
        return await erase_users(connection, batch, gone, by=by, reason=reason)

    return step


async def old_chats(
    connection: AsyncConnection, room: str, before: str, *, limit: int
) -> list[int]:
    """Return the seqs of the oldest unerased chats from before a time."""
    number = await _number(connection, room)
    found = await connection.execute(_OLD_CHATS, {"room": number, "before": before, "limit": limit})
    return list(found.scalars())


async def away(connection: AsyncConnection, room: str, before: str, *, limit: int) -> list[int]:
    """Return the numbers of users who were in the room, and have been in no room since a time."""
    number = await _number(connection, room)
    found = await connection.execute(_AWAY, {"room": number, "before": before, "limit": limit})
    return list(found.scalars())


async def _number(connection: AsyncConnection, room: str) -> int:
    number = await room_number(connection, room)
    if number is None:
        raise RoomUnknown
    return number
