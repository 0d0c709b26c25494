"""Read the rights in rooms from the log: rules, roles, and where a person's sight of one begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import IS_PRIVATE, IS_PUBLIC, MEMBER, events, rooms, sessions, users
from chatlog.domain.rights import Appointment, Rights, Rules
from chatlog.eventlog import read
from chatlog.eventlog.rows import STORED, recorded

NO_ROOM: Final = -1
"""The number of no room."""

_ROOMS: Final[sa.BindParameter[list[int]]] = sa.bindparam("rooms", expanding=True)
_HAS_RIGHTS: Final = sa.select(
    sa.or_(
        sa.exists().where(sa.text("events.type = 'member'")).select_from(events),
        sa.exists().where(sa.text(IS_PUBLIC)).select_from(events),
        sa.exists().where(sa.text(IS_PRIVATE)).select_from(events),
    )
)
# The first join under each of a subject's names is one look at an index, and not all their joins.
_FIRST_JOIN: Final = sa.select(
    sa.func.min(
        sa.select(sa.func.min(sessions.c.joined_seq))
        .where(sessions.c.room_id == sa.bindparam("room"), sessions.c.user_id == users.c.id)
        .scalar_subquery()
    )
).where(users.c.subject_id == sa.bindparam("subject"))
_FIRST_SINCE: Final = (
    sa.select(events.c.seq)
    .where(events.c.room_id == sa.bindparam("room"), events.c.at >= sa.bindparam("since"))
    .order_by(events.c.at, events.c.seq)
    .limit(1)
)


def _was_public(room: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return whether a room, given by number, was ever open or listed; two looks at indexes.

    As a range and in this order, both databases look only at the index ``events_public``. By
    equality, SQLite prefers one that has the room's other events too.
    """
    public, first = events.alias("public"), events.alias("first")
    is_public = (
        sa.select(public.c.seq)
        .where(public.c.room_id.between(room, room), sa.text(IS_PUBLIC))
        .order_by(public.c.room_id, public.c.seq)
        .limit(1)
        .scalar_subquery()
        .is_not(None)
    )
    began_private = sa.exists().where(
        first.c.room_id == room, first.c.seq == 1, first.c.type == "room"
    )
    return sa.or_(is_public, ~began_private)


def _states() -> sa.Select[Any]:
    other = events.alias("other_state")
    newest = (
        sa.select(sa.func.max(other.c.seq))
        .where(other.c.room_id == rooms.c.id, other.c.type == "room")
        .scalar_subquery()
    )
    # The number is that of the table rooms: then the newest event is looked for once a room, and
    # not once for each of its room events.
    return STORED.add_columns(events.c.room_id, _was_public(rooms.c.id).label("was_public")).where(
        rooms.c.id.in_(_ROOMS), events.c.seq == newest
    )


def _number_and_publicity() -> sa.Select[Any]:
    named = sa.select(rooms.c.id).where(rooms.c.room == sa.bindparam("name")).scalar_subquery()
    asked = sa.select(sa.func.coalesce(named, NO_ROOM).label("number")).subquery("asked")
    return sa.select(asked.c.number, _was_public(asked.c.number))


_STATES: Final = _states()
_NUMBER_AND_PUBLICITY: Final = _number_and_publicity()
_USERS: Final = sa.select(users.c.uuid).where(users.c.subject_id == sa.bindparam("subject"))
_ROLES: Final = (
    STORED.add_columns(events.c.room_id)
    .where(
        events.c.type == MEMBER,
        events.c.room_id.in_(_ROOMS),
        events.c.of.in_(sa.bindparam("users", expanding=True)),
    )
    .order_by(events.c.seq)
)


async def has_rights(connection: AsyncConnection) -> bool:
    """Return whether any room of the log has events about rights."""
    return bool((await connection.execute(_HAS_RIGHTS)).scalar())


async def rights_of(
    connection: AsyncConnection, room: int, *, subject: int | None = None
) -> Rights:
    """Return the rules and roles of a room, given by number, at its head.

    With a subject's number, the roles are only that subject's.
    """
    rights = Rights()
    governing = await read.governing_events(connection, room, subject)
    for one in governing:
        one.event.govern(rights, one.seq, one.at)
    return rights


async def number_and_publicity(connection: AsyncConnection, name: str) -> tuple[int, bool]:
    """Return the number of a room and whether it was ever open or listed.

    Without a room of this name, the number is ``NO_ROOM``, after the same look-ups.
    """
    number, was_public = (await connection.execute(_NUMBER_AND_PUBLICITY, {"name": name})).one()
    return number, bool(was_public) and number != NO_ROOM


async def states_of(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, Rules]:
    """Return the states of rooms, given by number; a room without one is left out.

    Only the newest room event of each is read, however many there are.
    """
    found: dict[int, Rules] = {}
    for row in await connection.execute(_STATES, {"rooms": numbers}):
        rights = Rights()
        recorded(row).event.govern(rights, row.seq, row.at)
        found[row.room_id] = replace(rights.rules, was_public=bool(row.was_public))
    return found


async def roles_of(
    connection: AsyncConnection, numbers: Sequence[int], subject: int
) -> dict[int, list[Appointment]]:
    """Return the appointments of a subject in rooms, all given by number."""
    found: dict[int, list[Appointment]] = {}
    # By themselves: PostgreSQL would otherwise read all members of a room that it believes small.
    names = (await connection.execute(_USERS, {"subject": subject})).scalars().all()
    if not names:
        return found
    for row in await connection.execute(_ROLES, {"rooms": numbers, "users": names}):
        rights = Rights()
        recorded(row).event.govern(rights, row.seq, row.at)
        found.setdefault(row.room_id, []).extend(rights.of(row.others_subject_uuid))
    return found


async def first_join(connection: AsyncConnection, room: int, subject: int) -> int | None:
    """Return the seq of a subject's first join of a room, both given by number."""
    asked = {"room": room, "subject": subject}
    found: int | None = (await connection.execute(_FIRST_JOIN, asked)).scalar()
    return found


async def first_since(connection: AsyncConnection, room: int, at: str) -> int | None:
    """Return the seq of a room's first event that is not before a time."""
    found: int | None = (
        await connection.execute(_FIRST_SINCE, {"room": room, "since": at})
    ).scalar()
    return found
