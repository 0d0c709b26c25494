"""Create and migrate a log on PostgreSQL, in a schema of its own.

Its servers must be stopped, unless all pending migrations are shared (see ``revisions``). Those
run beside servers, so they take the tables only if they get them at once: while a migration waits
for one, everybody waits behind it, and it could wait in a circle with a reader.
"""

from __future__ import annotations

import logging
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Contended
from chatlog.databases.living import check_all_stopped
from chatlog.databases.postgres.failures import is_contended
from chatlog.databases.postgres.living import open_nodes
from chatlog.databases.postgres.search_path import finds_views, have_find_views, role_of
from chatlog.databases.postgres.statements import LOCK_LOG, NOW, SCHEMA
from chatlog.databases.revisions import is_older, served_revision, unshared_after, upgrade
from chatlog.domain.errors import LogError

logger = logging.getLogger(__name__)

_END_ALL: Final = sa.text(f"UPDATE nodes SET ended_at = {NOW} WHERE ended_at IS NULL")  # noqa: S608 - constants
# Less than the second after which PostgreSQL looks for deadlocks, and ends one of two who wait.
_WAIT_BRIEFLY: Final = sa.text("SET LOCAL lock_timeout = '500ms'")
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


async def migrate(connection: AsyncConnection) -> None:
    """Migrate to the newest revision in the caller's transaction.

    Raises:
        LogError: as ``Backend.migrate``.
    """
    revision = await served_revision(connection)
    if revision is None:
        await _make_log(connection)
    elif not is_older(revision):
        return
    elif (unshared := unshared_after(revision)) is not None:
        await _migrate_alone(connection, unshared)
    else:
        await _migrate_beside_servers(connection)


async def _migrate_alone(connection: AsyncConnection, unshared: str) -> None:
    try:
        await connection.execute(LOCK_LOG)
        if not await _is_older(connection):
            return  # another was first, and may be serving already
        why = f"it cannot run beside the migration to revision {unshared}."
        check_all_stopped(await open_nodes(connection), why)
        # A server that slept past its lease must not resume with tables that it does not know.
        await connection.execute(_END_ALL)
        await upgrade(connection)
    except sa.exc.DBAPIError as error:
        if not is_contended(error):
            raise
        raise LogError(
            "A transaction of another program holds the tables that are to be migrated "
            "(pg_stat_activity shows it): nothing was changed. End it, and try again."
        ) from error


async def _migrate_beside_servers(connection: AsyncConnection) -> None:
    await connection.execute(_WAIT_BRIEFLY)
    try:
        await connection.execute(LOCK_LOG)
        if await _is_older(connection):
            await upgrade(connection)
    except sa.exc.DBAPIError as error:
        if not is_contended(error):
            raise
        raise Contended(
            "Others kept using the tables that are to be migrated: nothing was changed. Try again."
        ) from error


async def _is_older(connection: AsyncConnection) -> bool:
    revision = await served_revision(connection)
    return revision is not None and is_older(revision)


async def _make_log(connection: AsyncConnection) -> None:
    """Create the schema and the tables in it."""
    alone = not (await connection.execute(_HAS_OTHERS)).scalar_one()
    if not (await connection.execute(_HAS_SCHEMA)).scalar_one():  # one may be given to us
        await connection.execute(_MAKE_SCHEMA)
    await _check_schema(connection)
    await upgrade(connection)
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


async def is_foreign(connection: AsyncConnection) -> bool:
    """Return whether a database has other tables and no schema of the log."""
    if (await connection.execute(_HAS_SCHEMA)).scalar_one():
        return False
    return bool((await connection.execute(_HAS_OTHERS)).scalar_one())
