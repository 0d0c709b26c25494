"""This node among the others: it keeps its lease, and closes what dead ones left open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from chatlog.domain.errors import LeaseLost
from chatlog.eventlog.database import Database
from chatlog.eventlog.sqlite import Sqlite
from chatlog.eventlog.writer import Writer
from chatlog.nodes import leases, naming
from chatlog.nodes.reaper import leaves_due
from chatlog.nodes.watch import Watch
from chatlog.service.departures import Departures

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
"""However long this node's own lease is: another's may be short."""


class Membership:
    """The lease of ``writer.node``.

    ``lost`` is set by whoever finds that it is gone; ``begun_again`` is called once the
    node has become another.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        departures: Departures,
        lost: asyncio.Event,
        begun_again: Callable[[], None],
        *,
        name: str,
        lease_seconds: float,
    ) -> None:
        self._database = database
        self._writer = writer
        self._departures = departures
        self._lost = lost
        self._begun_again = begun_again
        self._name = name
        self._lease_seconds = lease_seconds

    async def keep(self) -> None:
        """Renew the lease while nothing is appended, and take a new one if it was lost.

        Runs until cancelled; appends renew the lease by themselves. Called again after a
        failure, it renews at once.
        """
        while True:
            await self._renew()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._lease_seconds / 3):
                    await self._lost.wait()

    async def _renew(self) -> None:
        try:
            locked = await leases.renew(self._database, self._writer.node)
        except LeaseLost:
            await self._begin_again()
        except Exception:
            self._writer.noted(False)
            raise
        else:
            self._writer.timed(locked.now, locked.clock)
        self._writer.noted(True)

    async def _begin_again(self) -> None:
        """Become a new node: the sessions of the old one have lapsed in the log."""
        logger.error("This server was taken for dead; its clients will join again.")
        alone = isinstance(self._database.backend, Sqlite)
        node = await naming.begin_again(
            self._database, self._name, alone=alone, lease_seconds=self._lease_seconds
        )
        due = await leaves_due(self._database)
        self._writer.node = node
        # Before its clients' leaves, which would say that they were surely here till now.
        self._departures.add(due)
        self._lost.clear()
        self._begun_again()

    async def reap(self) -> None:
        """Close what dead nodes left open, now and again, until cancelled.

        Nobody is taken for dead before their whole lease has passed since this was called, at
        the start and again after each failure: after an outage of the database others may not
        have been able to renew theirs.
        """
        watch = Watch()
        while True:
            await self._end_silent(watch)
            self._departures.add(await leaves_due(self._database))
            await asyncio.sleep(min(self._lease_seconds / 3, _LOOK_SECONDS))

    async def _end_silent(self, watch: Watch) -> None:
        # A database that hung for longer than a lease kept others from renewing, too.
        async with asyncio.timeout(self._lease_seconds / 3):
            found = await leases.open_nodes(self._database)
            silent = watch.silent(found, asyncio.get_running_loop().time())
            await leases.end_silent(self._database, silent)
