"""Migrate a database's schema to this program's revision, once, under a lock.

Without a lock, concurrent starts on an empty database broke each other: of four, two failed on
SQLite and three on PostgreSQL.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatlog.databases.database import Database

_TRIES: Final = 5
"""A start that finds another's tables half made has waited for its commit by then."""


async def migrate(database: Database) -> None:
    """Migrate the database to the newest revision, unless it is already there.

    Where one process at a time can write, the caller holds the database. Elsewhere this takes the
    log's lock; if there is no log yet, it relies on the database to create each name only once.

    Raises:
        LogError: if the database has a newer revision than this program, or must be migrated
            while one of its servers is alive.
    """
    for left in reversed(range(_TRIES)):
        try:
            async with database.migrate() as connection, connection.begin():
                await database.backend.migrate(connection)
            return
        except sa.exc.DBAPIError as error:
            if not left or not database.backend.is_race(error):
                raise
