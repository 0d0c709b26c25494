"""Open an existing log for one command, to read it or to write it.

A reader never creates anything and never waits for a writer. A writer holds the database while it
is open, where one process at a time can write, and scrubs it first: its files may still have
content that an earlier process erased.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from chatlog.databases.database import Database, Uncommitted
from chatlog.databases.discreet import describe
from chatlog.databases.hold import Hold
from chatlog.databases.living import check_all_stopped
from chatlog.databases.migrate import migrate
from chatlog.databases.postgres.standby.reads import Standby
from chatlog.databases.revisions import is_newer, is_older, newest_revision, served_revision
from chatlog.databases.skeleton_keys import bring_up_in_pages
from chatlog.domain.errors import LogError, said_by_system

logger = logging.getLogger(__name__)


def why(error: BaseException) -> str:
    """Return a database's message about a failure, in one line."""
    cause = getattr(error, "orig", None) or error
    said = (said_by_system(cause) if isinstance(cause, OSError) else str(cause)).strip()
    return said.splitlines()[0] if said else type(error).__name__


About = Callable[[Hold], Mapping[str, Any]]
"""Returns the facts about the new holder that other processes should know."""


def _nothing(_hold: Hold) -> Mapping[str, Any]:
    return {}


@asynccontextmanager
async def open_for_reading(
    url: str, *, readers: int = 2, patient: bool = False
) -> AsyncIterator[Database]:
    """Open a log that exists; its reader cannot write. One that asks about all of it is patient.

    Raises:
        LogError: if there is none, or it has a revision that this program cannot read.
    """
    database = Database(url, readers=readers, patient=patient)
    database.backend.check_there()
    try:
        await _check_revision(database)
        yield database
    finally:
        await database.dispose()


async def _revision(database: Database) -> str:
    async with database.read() as connection:
        revision = await served_revision(connection)
    if revision is None:
        raise LogError("The database has no log. Create one with `chatlog migrate`.")
    return revision


async def check_knows_all(database: Database) -> None:
    """Refuse a log with more columns or tables than this program knows, and would lose.

    Raises:
        LogError: if it has a newer revision.
    """
    revision = await _revision(database)
    if is_newer(revision):
        raise LogError(
            f"The log is at revision {revision}, and this program knows {newest_revision()}: what "
            "the newer version added would be lost. Use that version."
        )


async def _check_revision(database: Database) -> None:
    revision = await _revision(database)
    if is_older(revision):
        raise LogError(
            f"The log is at revision {revision}, and this program reads {newest_revision()}: "
            "run `chatlog migrate` with the newer of the two versions."
        )


@asynccontextmanager
async def open_for_writing(
    url: str,
    *,
    new: bool = True,
    share: bool = False,
    readers: int = 2,
    about: About = _nothing,
) -> AsyncIterator[Database]:
    """Open a log, held and migrated; create one in an empty database if ``new``.

    With ``share`` the database may hold other tables, too. Once this process holds it,
    ``about(hold)`` is told to processes that find it held.

    Raises:
        DatabaseBusy: if another process holds the database.
        LogError: if the database belongs to another program, has a newer revision that this one
            may not serve or has no log, or if a SQLite file's WAL belongs to another file.
    """
    database = Database(url, readers=readers)
    if not new:
        database.backend.check_there()
    hold = await database.backend.hold()
    try:
        if hold is not None:
            hold.tell(**about(hold))
        await _prepare(database, new=new, share=share)
        await _bring_up(database)
        await _scrub(database)
        yield database
    finally:
        await database.dispose()
        if hold is not None:
            hold.release()


async def _prepare(database: Database, *, new: bool, share: bool) -> None:
    try:
        if not share:
            await _check_own(database)
        if not new:
            await _revision(database)
        await migrate(database)
    except OSError as error:  # SQLAlchemy leaves the ones of asyncpg as they are
        raise LogError(f"The database cannot be reached: {why(error)}") from error


async def _bring_up(database: Database) -> None:
    """Try to do ahead what otherwise the first look for a name does."""
    try:
        await bring_up_in_pages(database)
    except Exception as error:  # noqa: BLE001 - a full disk must not keep a writer from starting
        logger.warning("The keys of names could not be renewed: %s", describe(error))


async def _scrub(database: Database) -> None:
    """Try once; a server tries again until it is done."""
    try:
        if not await database.scrub():
            logger.warning(
                "Erased content may still be in the WAL: another program is reading the log."
            )
    except Exception as error:  # noqa: BLE001 - a full disk must not keep a writer from starting
        logger.warning("The WAL could not be emptied: %s", describe(error))


async def _check_own(database: Database) -> None:
    if await database.backend.is_foreign(database.write):
        raise LogError("The database holds other tables. Run `chatlog migrate` to share it.")


@asynccontextmanager
async def open_at_rest(url: str) -> AsyncIterator[Database]:
    """Open a log that exists and that no server serves, to read all of it.

    Where one process at a time can write, none can begin to.

    Raises:
        DatabaseBusy: if another process holds the database.
        LogError: if there is no log, it has another revision (a newer one has more than would be
            read), or a server is alive on it.
    """
    database = Database(url, readers=1, patient=True)
    database.backend.check_there()
    hold = await database.backend.hold()
    try:
        await _check_revision(database)
        await check_knows_all(database)
        await check_at_rest(database)
        yield database
    finally:
        await database.dispose()
        if hold is not None:
            hold.release()


async def check_at_rest(database: Database) -> None:
    """Refuse a log that is being served.

    Raises:
        LogError: naming a server that is alive.
    """
    async with database.read() as connection:
        check_all_stopped(await database.backend.open_nodes(connection))


@asynccontextmanager
async def open_empty(url: str) -> AsyncIterator[Database]:
    """Create a log in an empty database, in one transaction that the end of the block commits.

    If the block raises, or this process dies, the database is as before.

    Raises:
        DatabaseBusy: if another process holds the database.
        LogError: as ``open_for_writing``.
    """
    database = Database(url, readers=1)
    hold = await database.backend.hold()
    try:
        await _check_own(database)
        async with database.migrate() as connection, connection.begin():
            await database.backend.migrate(connection)
            await database.backend.take_lock(connection)
            yield Uncommitted(database.backend, connection)
        await database.after_bulk()
        await _scrub(database)
    finally:
        await database.dispose()
        if hold is not None:
            hold.release()


@asynccontextmanager
async def open_past(database: Database, url: str, *, readers: int) -> AsyncIterator[Database]:
    """Lend the database of which the past is read: a standby at ``url``, or ``database`` itself.

    Raises:
        LogError: if one of the two is not PostgreSQL, or the URL is malformed.
    """
    if not url:
        yield database
        return
    standby = Standby(database, url, readers=readers)
    try:
        yield standby
    finally:
        await standby.dispose()
