"""Check the log as a whole: missing rooms, events without a room, and the schema.

And whether the database is what the migrations made: its triggers, views and the rest, and what
else its kind must be asked (``Backend.checks``): on SQLite whether the file is in order, since an
index may have lost a row; on PostgreSQL whether the triggers fire.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.stored_rows import raise_if_away
from chatlog.databases.backend import Lend, SchemaVerdict
from chatlog.databases.database import Database
from chatlog.databases.opening import why
from chatlog.databases.schema import events, rooms, sessions, subjects, users
from chatlog.domain.counts import counted
from chatlog.domain.errors import Unavailable

_EXTENT: Final = sa.select(
    sa.func.count(), sa.func.min(events.c.position), sa.func.max(events.c.position)
)


_NO_USER: Final = (
    sa.select(subjects.c.id)
    .select_from(subjects.outerjoin(users, users.c.id == subjects.c.user_id))
    .where(users.c.subject_id.is_distinct_from(subjects.c.id))
)
_NO_SUBJECT: Final = sa.select(users.c.id).where(
    users.c.subject_id.is_not(None), users.c.subject_id.not_in(sa.select(subjects.c.id))
)
_COUNT: Final = (
    sa.select(sa.func.count()).where(users.c.subject_id == subjects.c.id).scalar_subquery()
)
_RENAMED: Final = sa.select(subjects.c.id).where(subjects.c.is_renamed != (_COUNT > 1))


@dataclass(frozen=True, slots=True)
class Whole:
    """The checks made, in a clause what is wrong, and the objects that could not be judged."""

    looked_at: tuple[str, ...] = ()
    wrong: str | None = None
    unsure: tuple[str, ...] = ()


async def check_whole(database: Database) -> Whole:
    """Check the log as a whole, up to the first fault."""
    whole = Whole()
    for check in (_check_rows, *database.backend.checks):
        try:
            found = await check(database.read)
        except Unavailable as error:
            found = SchemaVerdict((), damage(database, error))
        looked_at, unsure = whole.looked_at + found.looked_at, whole.unsure + found.unsure
        whole = Whole(looked_at, found.wrong, unsure)
        if whole.wrong is not None:
            break
    return whole


def damage(database: Database, error: Unavailable) -> str:
    """Return in a clause why rows cannot be read.

    Raises:
        OSError, SQLAlchemyError: if the cause is not the rows but an unreachable database.
    """
    cause = error.__cause__
    assert isinstance(cause, Exception)
    raise_if_away(database.backend, cause)
    return f"part of it cannot be read ({why(cause)})"


async def _check_rows(read: Lend) -> SchemaVerdict:
    async with read() as connection:
        return SchemaVerdict(("positions",), await _wrong_rows(connection))


async def _wrong_rows(connection: AsyncConnection) -> str | None:
    count, first, last = (await connection.execute(_EXTENT)).one()
    if count and (first, last) != (1, count):
        return f"positions run from {first} to {last}, with {counted(count, 'event')}"
    for table, what in ((events, "events"), (sessions, "sessions")):
        if await _homeless(connection, table.c.room_id):
            return f"it has {what} of a room that is not in the log"
    for wrong, what in (
        (_NO_USER, "a subject whose present user is not its own"),
        (_NO_SUBJECT, "a user whose subject is not in the log"),
        (_RENAMED, "a subject that is recorded as renamed, or not, and is not so"),
    ):
        if (await connection.execute(wrong.limit(1))).first() is not None:
            return f"it has {what}"
    return None


async def _homeless(connection: AsyncConnection, room_id: sa.Column[Any]) -> bool:
    known = sa.select(rooms.c.id)
    found = await connection.execute(sa.select(room_id).where(room_id.not_in(known)).limit(1))
    return found.first() is not None
