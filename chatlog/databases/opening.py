"""Open an existing log for one command, to read it or to write it.

A reader never creates anything and never waits for a writer. A writer of a SQLite file holds
its lock file while it is open, and empties the WAL first: the WAL may still have content that
an earlier process erased.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from chatlog.databases.database import Database
from chatlog.databases.discreet import describe
from chatlog.databases.migrate import is_foreign, migrate, newest_revision, revision_of
from chatlog.databases.postgres.backend import Postgres
from chatlog.databases.sqlite.backend import Sqlite
from chatlog.databases.sqlite.lockfile import LockFile
from chatlog.databases.sqlite.stray_wal import check_wal
from chatlog.domain.errors import LogError, said_by_system

logger = logging.getLogger(__name__)


def why(error: BaseException) -> str:
    """Return a database's message about a failure, in one line."""
    cause = getattr(error, "orig", None) or error
    said = (said_by_system(cause) if isinstance(cause, OSError) else str(cause)).strip()
    return said.splitlines()[0] if said else type(error).__name__


About = Callable[[LockFile], Mapping[str, Any]]
"""Returns the facts about the new holder of a lock that other processes should know."""


def _nothing(_lock: LockFile) -> Mapping[str, Any]:
    return {}


@asynccontextmanager
async def open_for_reading(
    url: str, *, readers: int = 2, patient: bool = False
) -> AsyncIterator[Database]:
    """Open a log that exists; its reader cannot write. One that asks about all of it is patient.

    Raises:
        LogError: if there is none, or it has another revision.
    """
    database = Database(url, readers=readers, patient=patient)
    _check_there(database)
    try:
        await _check_revision(database)
        yield database
    finally:
        await database.dispose()


def _check_there(database: Database) -> None:
    backend = database.backend
    if isinstance(backend, Sqlite) and not backend.path.is_file():
        raise LogError(f"There is no database at {backend.path}.")


async def _revision(database: Database) -> str:
    async with database.read() as connection:
        revision = await revision_of(connection)
    if revision is None:
        raise LogError("The database has no log. Create one with `chatlog migrate`.")
    return revision


async def _check_revision(database: Database) -> None:
    revision = await _revision(database)
    if revision != newest_revision():
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
    """Open a log, locked and migrated; create one in an empty database if ``new``.

    With ``share`` a PostgreSQL database may hold other tables, too. Once SQLite's lock is taken,
    ``about(lock)`` is written into the lock file, for processes that find it held.

    Raises:
        DatabaseBusy: if another process holds the SQLite file.
        LogError: if the database belongs to another program, has a newer revision or has no
            log, or if its WAL belongs to another file.
    """
    database = Database(url, readers=readers)
    if not new:
        _check_there(database)
    backend = database.backend
    lock = LockFile(backend.path).take() if isinstance(backend, Sqlite) else None
    try:
        if isinstance(backend, Sqlite) and lock is not None:
            await asyncio.to_thread(check_wal, lock.file.path)
            backend.held = lock.file
            lock.tell(**about(lock))
        await _prepare(database, new=new, share=share)
        await _scrub(database)
        yield database
    finally:
        await database.dispose()
        if lock is not None:
            lock.release()


async def _prepare(database: Database, *, new: bool, share: bool) -> None:
    try:
        if isinstance(database.backend, Postgres) and not share:
            await _check_own(database)
        if not new:
            await _revision(database)
        await migrate(database)
    except OSError as error:  # SQLAlchemy leaves the ones of asyncpg as they are
        raise LogError(f"The database cannot be reached: {why(error)}") from error


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
    async with database.write() as connection:
        if await is_foreign(connection):
            raise LogError("The database holds other tables. Run `chatlog migrate` to share it.")
