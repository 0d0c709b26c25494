"""Migrate a database's schema to this program's revision, once, under a lock.

Without a lock, concurrent starts on an empty database broke each other: of four, two failed on
SQLite and three on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final

import sqlalchemy as sa

from chatlog.databases.backend import Contended
from chatlog.databases.database import Database

_TRIES: Final = 5
"""A start that finds another's tables half made has waited for its commit by then."""
_CONTENDED_TRIES: Final = 30
_PAUSE_SECONDS: Final = 0.6
"""On average half of it: with half a second of waiting each, the tries take 24 s at most."""


async def migrate(database: Database) -> None:
    """Migrate the database to the newest revision, unless it is already there.

    Where one process at a time can write, the caller holds the database. Elsewhere this takes the
    log's lock; if there is no log yet, it relies on the database to create each name only once.

    Raises:
        LogError: if the database has a newer revision that this program may not serve, or must be
            migrated while one of its servers is alive, or its tables are in use all the time.
    """
    for left in reversed(range(_CONTENDED_TRIES)):
        try:
            await _migrate(database)
            return
        except Contended:
            if not left:
                raise
        await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS))


async def _migrate(database: Database) -> None:
    for left in reversed(range(_TRIES)):
        try:
            async with database.migrate() as connection, connection.begin():
                await database.backend.migrate(connection)
            return
        except sa.exc.DBAPIError as error:
            if not left or not database.backend.is_race(error):
                raise
