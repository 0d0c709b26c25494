"""What only the log as a whole can tell: a room that is gone, an event of no room.

And, on SQLite, whether the file is in order: an index that lost a row, a view or trigger
that is not what the migrations made.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.objects import check_schema
from chatlog.audit.stored import raise_if_away
from chatlog.domain.errors import Unavailable
from chatlog.eventlog.database import Database
from chatlog.eventlog.opening import why
from chatlog.eventlog.schema import events, metadata, rooms, sessions
from chatlog.eventlog.sqlite import Sqlite

_EXTENT: Final = sa.select(
    sa.func.count(), sa.func.min(events.c.position), sa.func.max(events.c.position)
)


async def check_whole(database: Database) -> str | None:
    """Return what is wrong, in a clause; None where nothing is."""
    checks = [_check_rows]
    if isinstance(database.backend, Sqlite):
        checks += [check_schema, *(partial(_check_table, table=name) for name in metadata.tables)]
    for check in checks:
        try:
            async with database.read() as connection:
                found = await check(connection)
        except Unavailable as error:
            found = damage(database, error)
        if found is not None:
            return found
    return None


def damage(database: Database, error: Unavailable) -> str:
    """Return in a clause why rows cannot be read.

    Raises:
        OSError, SQLAlchemyError: if that says nothing of the rows: the database is away.
    """
    cause = error.__cause__
    assert isinstance(cause, Exception)
    raise_if_away(database.backend, cause)
    return f"a part of it cannot be read ({why(cause)})"


async def _check_table(connection: AsyncConnection, table: str) -> str | None:
    """Hold a table's indexes against its rows; one table at a time keeps the snapshot short."""
    statement = sa.text(f"PRAGMA integrity_check({table})")
    found = (await connection.execute(statement)).scalars().first()
    return None if found == "ok" else f"the file is damaged: {found}"


async def _check_rows(connection: AsyncConnection) -> str | None:
    count, first, last = (await connection.execute(_EXTENT)).one()
    if count and (first, last) != (1, count):
        return f"positions run from {first} to {last}, but there are {count} events"
    for table, what in ((events, "events"), (sessions, "sessions")):
        if await _homeless(connection, table.c.room_id):
            return f"there are {what} of a room that is not in the log"
    return None


async def _homeless(connection: AsyncConnection, room_id: sa.Column[Any]) -> bool:
    known = sa.select(rooms.c.id)
    found = await connection.execute(sa.select(room_id).where(room_id.not_in(known)).limit(1))
    return found.first() is not None
