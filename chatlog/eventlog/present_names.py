"""Read what people are called now, for those who show or admit them and append nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.databases.schema import MEMBER, events, subjects, users
from chatlog.domain.identity import Identity
from chatlog.domain.names import name_key
from chatlog.eventlog import lookup
from chatlog.eventlog.persons import BY_SUBJECT

_NAMES_OF: Final = (
    sa.select(subjects.c.id, users.c.username)
    .select_from(subjects.join(users, users.c.id == subjects.c.user_id))
    .where(subjects.c.id.in_(sa.bindparam("subjects", expanding=True)))
)
_MEMBERS: Final = sa.select(events.c.of).where(
    events.c.room_id == sa.bindparam("room"), events.c.type == MEMBER
)
_of_subject: Final = users.alias("of_subject")
_NAMES_OF_MEMBERS: Final = (
    sa.select(subjects.c.uuid, users.c.username)
    .select_from(subjects.join(users, users.c.id == subjects.c.user_id))
    .where(
        subjects.c.id.in_(
            sa.select(_of_subject.c.subject_id).where(_of_subject.c.uuid.in_(_MEMBERS))
        )
    )
)


async def present_name(database: Database, identity: Identity) -> str:
    """Return the username that a subject has without a name in the token."""
    async with database.read() as connection:
        secret = await lookup.name_secret(connection)
        keys = [name_key(secret, identity.subject)]
        row = (await connection.execute(BY_SUBJECT, {"keys": keys})).first()
    is_named = row is not None and row.name_key is not None and row.username is not None
    return str(row.username) if row is not None and is_named else identity.subject


async def present_names(connection: AsyncConnection, wanted: Iterable[str]) -> dict[str, str]:
    """Return the usernames that these subjects have now, of those that have one."""
    secret = await lookup.name_secret(connection)
    keys = [name_key(secret, subject) for subject in wanted]
    rows = (await connection.execute(BY_SUBJECT, {"keys": keys})).all() if keys else []
    return {row.subject: row.username for row in rows if row.name_key is not None and row.username}


async def names_of_members(connection: AsyncConnection, room: int) -> dict[str, str | None]:
    """Return what the subjects of a room's member events are called now, by their ids."""
    found = await connection.execute(_NAMES_OF_MEMBERS, {"room": room})
    return {row.uuid: row.username for row in found}


async def names_of(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, str | None]:
    """Return what subjects are called now, by their numbers."""
    found = await connection.execute(_NAMES_OF, {"subjects": numbers})
    return {row.id: row.username for row in found}
