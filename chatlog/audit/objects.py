"""A SQLite log's tables, indexes, views and triggers: are they those of the migrations?

A trigger that is gone lets events be changed; a view that was changed tells lies about
events that are right. Objects that somebody has added do no harm, but for triggers.
"""

from __future__ import annotations

import tempfile
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.eventlog.database import Database
from chatlog.eventlog.migrate import migrate

_Objects = dict[tuple[str, str], str | None]
_OBJECTS: Final = sa.text(
    "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite#_%' ESCAPE '#'"
)
_made: _Objects = {}


async def check_schema(connection: AsyncConnection) -> str | None:
    """Return what differs from a new log, in a clause; None where nothing does."""
    expected, found = await _expected(), await _objects(connection)
    for (kind, name), sql in expected.items():
        if (kind, name) not in found:
            return f"the {kind} {name} is gone"
        if found[kind, name] != sql:
            return f"the {kind} {name} is not the one of the migrations"
    more = sorted(name for kind, name in found.keys() - expected.keys() if kind == "trigger")
    return f"the trigger {more[0]} is none of the migrations'" if more else None


async def _expected() -> _Objects:
    if not _made:
        with tempfile.TemporaryDirectory(prefix="chatlog-") as folder:
            database = Database(f"sqlite:///{folder}/new.db", readers=1)
            try:
                await migrate(database)
                async with database.read() as connection:
                    _made.update(await _objects(connection))
            finally:
                await database.dispose()
    return _made


async def _objects(connection: AsyncConnection) -> _Objects:
    return {(row.type, row.name): row.sql for row in await connection.execute(_OBJECTS)}
