"""This node among the others: keep its lease, and close sessions that dead nodes left open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from chatlog.chat.departures import Departures
from chatlog.databases.database import Database
from chatlog.databases.living import since_boot
from chatlog.databases.revisions import NewerRevision
from chatlog.domain.errors import LeaseLost
from chatlog.eventlog.append import Node
from chatlog.eventlog.committing.writer import Writer
from chatlog.nodes import leases, naming
from chatlog.nodes.reaper import leaves_due
from chatlog.nodes.watch import Watch

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
"""Independent of this node's own lease: another node's may be short."""


class Membership:
    """The lease of ``writer.node``.

    ``lost`` is set when the lease is found to be lost; ``begun_again`` is called once this process
    has become a new node, and ``outdated`` with a sentence if it cannot: the database was migrated
    meanwhile, to tables that this program does not know.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        departures: Departures,
        lost: asyncio.Event,
        begun_again: Callable[[], None],
        outdated: Callable[[str], None],
        *,
        name: str,
        lease_seconds: float,
        read_position: Callable[[], int],
    ) -> None:
        self._database = database
        self._writer = writer
        self._departures = departures
        self._lost = lost
        self._begun_again = begun_again
        self._outdated = outdated
        self._name = name
        self._lease_seconds = lease_seconds
        self._read_position = read_position
        self._next: Node | None = None
        """The new node, until this process has become it."""

    async def keep(self) -> None:
        """Renew the lease while nothing is appended, and take a new one if it was lost.

        Runs until cancelled; appends renew the lease anyway. Called again after a failure, it
        renews at once.
        """
        while True:
            await self._renew()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._lease_seconds / 3):
                    await self._lost.wait()

    async def _renew(self) -> None:
        began = since_boot()
        try:
            locked = await leases.renew(self._database, self._writer.node)
        except LeaseLost:
            self._writer.noted(False)
            await self._begin_again()
        except Exception:
            self._writer.noted(False)
            raise
        else:
            self._writer.timed(locked.now, locked.clock)
        self._writer.renewed(began)
        self._writer.noted(True)

    async def _begin_again(self) -> None:
        """Become a new node: the sessions of the old one have lapsed in the log."""
        if self._next is None:  # else its row is in the log, and what comes after it has failed
            self._next = await self._begin()
        due = await leaves_due(self._database)
        self._writer.node, self._next = self._next, None
        # Before its clients' leaves, which would claim that they were here until now.
        self._departures.add(due)
        self._lost.clear()
        self._begun_again()

    async def _begin(self) -> Node:
        logger.error("This server was declared dead; its clients will join again.")
        try:
            return await naming.begin_again(
                self._database,
                self._name,
                alone=self._database.backend.is_exclusive,
                lease_seconds=self._lease_seconds,
                read_position=self._read_position(),
            )
        except NewerRevision as error:
            self._outdated(str(error))
            raise

    async def reap(self) -> None:
        """Close sessions that dead nodes left open, periodically, until cancelled.

        No node is declared dead before a whole lease has passed since this was called, at the
        start and again after each failure: during an outage of the database, other nodes may not
        have been able to renew their leases.
        """
        watch = Watch()
        while True:
            await leases.end_stuck(self._database)
            await self._end_silent(watch)
            self._departures.add(await leaves_due(self._database))
            await asyncio.sleep(min(self._lease_seconds / 3, _LOOK_SECONDS))

    async def _end_silent(self, watch: Watch) -> None:
        # A database that hung for longer than a lease also kept other nodes from renewing.
        async with asyncio.timeout(self._lease_seconds / 3):
            found = await leases.open_nodes(self._database)
            silent = watch.silent(found, asyncio.get_running_loop().time())
            await leases.end_silent(self._database, silent)
