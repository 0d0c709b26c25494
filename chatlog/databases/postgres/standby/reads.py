"""Read on a standby what the primary would answer now, or on the primary.

A snapshot is lent from the standby only if it has all that was committed when it was asked for,
and nothing that the primary does not show. So a page never goes back, and never shows content
that has been erased. This costs one or two short queries on the primary; if the standby does not
catch up within ``PATIENCE_SECONDS``, or cannot be reached, the primary is read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import DRIVER_ERRORS, Database, is_cancelled
from chatlog.databases.discreet import describe
from chatlog.databases.places import end_place, place_at
from chatlog.databases.postgres.standby.freshness import End, end_of, has_replayed
from chatlog.domain.errors import ChatlogError, LogError, Unavailable

logger = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 0.005
_REACH_SECONDS: Final = 2.0
"""For all of it: a host that was cut off answers nothing."""
_LAG_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 5.0
"""A standby that lags, or is away, is not asked for so long."""


class _LagsError(Exception):
    """The standby is not as far as the primary."""


class Standby(Database):
    """A database whose snapshots may come from a standby; nothing is written through it."""

    def __init__(self, primary: Database, url: str, *, readers: int) -> None:
        super().__init__(url, readers=readers)
        if {primary.backend.name, self.backend.name} != {"postgresql"}:
            raise LogError("--read-database needs two URLs of PostgreSQL: SQLite has no standby.")
        self._primary = primary
        self._skipped_until = 0.0
        self._is_in_use = True

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection inside a snapshot, as ``Database.read``."""
        async with AsyncExitStack() as stack:
            connection = await self._caught_up(stack)
            if connection is None:
                self.reads["primary"] += 1
                yield await stack.enter_async_context(self._primary.read())
                return
            self.reads["standby"] += 1
            try:
                yield connection
            except (*DRIVER_ERRORS, UnicodeDecodeError) as error:
                self._skip(error, _AWAY_SECONDS)
                raise Unavailable("The log cannot be read now. Try again.") from error

    async def _caught_up(self, stack: AsyncExitStack) -> AsyncConnection | None:
        """Lend a connection to the standby in a snapshot that may be shown; None if there is none.

        Raises:
            Unavailable: if the primary cannot be read.
        """
        if asyncio.get_running_loop().time() < self._skipped_until:
            return None
        async with self._primary.read() as connection:
            end = await end_of(connection)
        try:
            async with asyncio.timeout(_REACH_SECONDS), AsyncExitStack() as trial:
                lent = await trial.enter_async_context(self._reader.connect())
                await self._wait_for(lent, end)
                _ = await trial.enter_async_context(lent.begin())
                await self._check(lent, end)
                stack.push_async_exit(trial.pop_all())
        except Unavailable:
            raise
        except _LagsError as error:
            self._skip(error, _LAG_SECONDS)
            return None
        except (*DRIVER_ERRORS, ChatlogError) as error:
            if is_cancelled():
                raise
            self._skip(error, _AWAY_SECONDS)
            return None
        self._use()
        return lent

    async def _wait_for(self, standby: AsyncConnection, end: End) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            # In a transaction of its own: the snapshot must be later than the answer.
            async with standby.begin():
                if await has_replayed(standby, end):
                    return
            await _pause_until(deadline)

    async def _check(self, standby: AsyncConnection, end: End) -> None:
        """Check that the primary shows all that the snapshot has.

        A hash stands for the log up to its event: the last events are what a fail-over loses.
        """
        last = await end_place(standby)
        if last.position < end.position:
            raise _LagsError
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            async with self._primary.read() as connection:
                found = await place_at(connection, last.position)
            if found == last:
                return
            if found is not None:
                raise LogError("it follows another primary")
            await _pause_until(deadline)

    def _skip(self, error: Exception, seconds: float) -> None:
        self._skipped_until = asyncio.get_running_loop().time() + seconds
        if self._is_in_use:
            said = "it lags" if isinstance(error, _LagsError) else describe(error)
            logger.warning("History is read from the primary, not from its standby: %s", said)
        self._is_in_use = False

    def _use(self) -> None:
        if not self._is_in_use:
            logger.info("History is read from the standby again.")
        self._is_in_use = True


async def _pause_until(deadline: float) -> None:
    if asyncio.get_running_loop().time() > deadline:
        raise _LagsError
    await asyncio.sleep(_LOOK_SECONDS)
