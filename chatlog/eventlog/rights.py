"""Read the rights in rooms from the log: rules, roles, and where a person's sight of one begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import IS_PUBLIC, MEMBER, events, rooms, sessions, users
from chatlog.domain.rights import Appointment, Rights, Rules
from chatlog.eventlog import read
from chatlog.eventlog.rows import STORED, recorded

_ROOMS: Final[sa.BindParameter[list[int]]] = sa.bindparam("rooms", expanding=True)
_HAS_RIGHTS: Final = sa.select(
    sa.or_(
        sa.exists().where(sa.text("events.type = 'member'")).select_from(events),
        sa.exists(sa.select(events.c.seq).join(rooms).where(events.c.type.in_(("room", "member")))),
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


def _states() -> sa.Select[Any]:
    other, public, first = events.alias(), events.alias("public"), events.alias("first")
    newest = (
        sa.select(sa.func.max(other.c.seq))
        .where(other.c.room_id == events.c.room_id, other.c.type == "room")
        .scalar_subquery()
    )
    is_public = sa.exists().where(public.c.room_id == events.c.room_id, sa.text(IS_PUBLIC))
    began_private = sa.exists().where(
        first.c.room_id == events.c.room_id, first.c.seq == 1, first.c.type == "room"
    )
    return STORED.add_columns(
        events.c.room_id, sa.or_(is_public, ~began_private).label("was_public")
    ).where(events.c.type == "room", events.c.room_id.in_(_ROOMS), events.c.seq == newest)


_STATES: Final = _states()
_of_subject: Final = users.alias("of_subject")
_ROLES: Final = (
    STORED.add_columns(events.c.room_id)
    .where(
        events.c.type == MEMBER,
        events.c.room_id.in_(_ROOMS),
        events.c.of.in_(
            sa.select(_of_subject.c.uuid).where(_of_subject.c.subject_id == sa.bindparam("subject"))
        ),
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
    for row in await connection.execute(_ROLES, {"rooms": numbers, "subject": subject}):
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
