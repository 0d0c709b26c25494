"""The outcome of a transaction that failed: stored, refused, or unknown.

Only this module maps database errors to outcomes. A commit of unknown outcome is looked up in the
log before it is reported; nothing is guessed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from chatlog.databases.backend import Failure, Place
from chatlog.databases.database import Database
from chatlog.databases.discreet import describe
from chatlog.databases.places import place_at
from chatlog.domain.errors import (
    ChatlogError,
    LeaseLost,
    LogError,
    OutcomeUnknown,
    StorageFull,
    Unavailable,
)
from chatlog.eventlog.append import Node
from chatlog.kinds.event import Recorded

logger = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 0.2


class BadRow(ChatlogError):
    """The database refused a row: the batch is not written; its other commands can be retried."""


class Conflict(Unavailable):
    """Another transaction was in the way (a deadlock, say): nothing was written."""


async def find_out(
    error: Exception,
    last: Recorded | None,
    database: Database,
    node: Node,
    *,
    committing: bool,
    doubt_seconds: float,
) -> None:
    """Return if a transaction that failed with an error is in the log after all.

    ``last`` is the last event that it recorded, by which it can be looked up.

    Raises:
        BadRow, Conflict, Refused: nothing was written.
        LogError: the database is damaged.
        OutcomeUnknown: the database has not returned for ``doubt_seconds``.
    """
    failure = database.backend.failure(error)
    if failure is Failure.BAD_ROW and not committing:
        raise BadRow("The database cannot store this.") from error
    logger.warning(
        "The log could not be written (%s): %s",
        failure.name,
        describe(error),
        extra={"kind": failure},
    )
    if failure is Failure.FULL:
        raise StorageFull from error
    if failure is Failure.CONFLICT:
        raise Conflict from error
    # FULL, CONFLICT and UNAVAILABLE are certain: nothing was written. After all else the log
    # is asked.
    if failure is not Failure.UNAVAILABLE and committing:
        if last is None:  # it recorded no event by which it could be looked up
            raise OutcomeUnknown from error
        if await _is_there(last, database, node, doubt_seconds):
            return
    if failure is Failure.FATAL:
        raise LogError(f"The database is damaged: {describe(error)}") from error
    raise Unavailable from error


async def _is_there(last: Recorded, database: Database, node: Node, doubt_seconds: float) -> bool:
    """Look up the batch's last event; True only once it is durable.

    Raises:
        OutcomeUnknown: if the database does not return in time.
    """
    try:
        async with asyncio.timeout(doubt_seconds):
            while True:
                try:
                    return await _look(last, database, node)
                except Exception as error:  # noqa: BLE001 - still away, however it says so
                    logger.warning("Looking for a commit's outcome: %s", describe(error))
                    await asyncio.sleep(_RETRY_SECONDS)
    except TimeoutError:
        raise OutcomeUnknown from None


async def _look(last: Recorded, database: Database, node: Node) -> bool:
    """Look it up under the log's lock, in a transaction that writes.

    PostgreSQL may still be executing the commit whose connection was lost: it releases the
    lock when it ends. In SQLite's WAL, a commit whose fsync failed is invisible but would
    reappear after a crash, so this transaction's commit overwrites it.
    """
    async with database.write() as connection:
        async with connection.begin():
            with contextlib.suppress(LeaseLost):
                await database.backend.lock(connection, node.number, node.name)
            found = await place_at(connection, last.position)
            there = found == Place(last.position, last.hash)
        if there:
            await database.backend.harden(connection)
    return there
