"""Migrate a database's schema to this program's revision, once, under a lock.

Without a lock, concurrent starts on an empty database broke each other: of four, two failed on
SQLite and three on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.databases.postgres.backend import LOCK_LOG, NOW, SCHEMA, Postgres, sqlstate_of
from chatlog.databases.postgres.living import check_all_stopped
from chatlog.databases.postgres.search_path import finds_views, have_find_views, role_of
from chatlog.domain.errors import LogError

logger = logging.getLogger(__name__)

VERSION_TABLE: Final = "schema_version"

_END_ALL: Final = sa.text(f"UPDATE nodes SET ended_at = {NOW} WHERE ended_at IS NULL")  # noqa: S608 - constants
_HAS_SCHEMA: Final = sa.text(f"SELECT to_regnamespace('{SCHEMA}') IS NOT NULL")
_MAKE_SCHEMA: Final = sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
# Tables that are neither the server's nor the log's, nor an extension's.
_HAS_OTHERS: Final = sa.text(
    "SELECT EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "  # noqa: S608 - constants
    "WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%' "
    f"AND n.nspname NOT IN ('information_schema', '{SCHEMA}') AND NOT EXISTS "
    "(SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_class'\\:\\:regclass "
    "AND d.objid = c.oid AND d.deptype = 'e'))"
)
# unique_violation, duplicate_schema, duplicate_table: another start has just made it.
_MADE_BY_ANOTHER: Final = {"23505", "42P06", "42P07"}
_TRIES: Final = 5
"""A start that finds another's tables half made has waited for its commit by then."""

_PACKAGE: Final = Path(__file__).resolve().parent.parent
# The migrations are in the installed package, otherwise beside it. This is checked once, because
# reading the disk blocks a running event loop.
_CHECKED_OUT: Final = (_PACKAGE.parent / "pyproject.toml").exists()
_HOME: Final = _PACKAGE.parent if _CHECKED_OUT else _PACKAGE


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config(_HOME / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the revision that this program works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def revision_of(connection: AsyncConnection) -> str | None:
    """Return the database's revision; None if it has no chatlog tables."""

    def look(sync: sa.Connection) -> str | None:
        options = {"version_table": VERSION_TABLE}
        return MigrationContext.configure(sync, opts=options).get_current_revision()

    return await connection.run_sync(look)


async def migrate(database: Database) -> None:
    """Migrate the database to the newest revision, unless it is already there.

    On SQLite the caller holds the lock file. On PostgreSQL this takes the log's lock; if there
    is no log yet, it relies on the database to create each name only once.

    Raises:
        LogError: if the database has a newer revision than this program, or must be migrated
            while one of its servers is alive.
    """
    for left in reversed(range(_TRIES)):
        try:
            async with database.migrate() as connection, connection.begin():
                await _migrate(database, connection)
            return
        except sa.exc.DBAPIError as error:
            if not left or sqlstate_of(error) not in _MADE_BY_ANOTHER:
                raise


async def _migrate(database: Database, connection: AsyncConnection) -> None:
    revision = await _known_revision(connection)
    if not isinstance(database.backend, Postgres):
        await _upgrade(connection)
    elif revision is None:
        await _make_log(connection)
    elif revision != newest_revision():
        await connection.execute(LOCK_LOG)
        if await _known_revision(connection) == newest_revision():
            return  # another was first, and may be serving already
        await check_all_stopped(connection)
        # A server that slept past its lease must not resume with tables that it does not know.
        await connection.execute(_END_ALL)
        await _upgrade(connection)


async def _upgrade(connection: AsyncConnection) -> None:
    await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def _make_log(connection: AsyncConnection) -> None:
    """Create PostgreSQL's schema and the tables in it."""
    alone = not (await connection.execute(_HAS_OTHERS)).scalar_one()
    if not (await connection.execute(_HAS_SCHEMA)).scalar_one():  # one may be given to us
        await connection.execute(_MAKE_SCHEMA)
    await _check_schema(connection)
    await _upgrade(connection)
    if alone:
        await _have_own_role_find_views(connection)


async def _check_schema(connection: AsyncConnection) -> None:
    """Refuse to create tables anywhere but in the log's own schema."""
    current = (await connection.execute(sa.text("SELECT current_schema()"))).scalar()
    if current != SCHEMA:
        raise LogError(
            f"The connection does not keep its search_path: the tables would be in {current}. "
            "A pooler may be dropping settings: connect to PostgreSQL directly."
        )


async def _have_own_role_find_views(connection: AsyncConnection) -> None:
    role = await role_of(connection)
    if not await finds_views(connection, role):
        await have_find_views(connection, role)
        logger.info("The search_path of %s in this database now ends with %s.", role, SCHEMA)


async def _known_revision(connection: AsyncConnection) -> str | None:
    revision = await revision_of(connection)
    if revision is not None and revision not in await asyncio.to_thread(_known_revisions):
        raise LogError(f"The database is at revision {revision}: a newer chatlog wrote it.")
    return revision


def _known_revisions() -> set[str]:
    scripts = ScriptDirectory.from_config(_config())
    return {script.revision for script in scripts.walk_revisions()}


async def is_foreign(connection: AsyncConnection) -> bool:
    """Return whether a PostgreSQL database has other tables and no chatlog schema."""
    if (await connection.execute(_HAS_SCHEMA)).scalar_one():
        return False
    return bool((await connection.execute(_HAS_OTHERS)).scalar_one())
