"""One node: its parts, their tasks, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from functools import partial
from ipaddress import ip_network
from typing import Any, Final

from chatlog.chat.departures import Departures
from chatlog.chat.log_clock import LogClock
from chatlog.chat.node_lease import Membership
from chatlog.chat.open_mode import UNFIT, Guard
from chatlog.chat.people.buckets import Buckets, Counts
from chatlog.chat.people.members import Members
from chatlog.chat.readiness import Readiness
from chatlog.chat.rooms_client import RoomsClient
from chatlog.chat.users import Users
from chatlog.databases.database import Database
from chatlog.databases.living import since_boot
from chatlog.eventlog.append import Node
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.tail import Served, Tail
from chatlog.kinds.event import Recorded
from chatlog.kinds.leave import Cause
from chatlog.nodes import leases
from chatlog.nodes.reading import report
from chatlog.operations.arguments import limits_of
from chatlog.operations.operations import Operations
from chatlog.runtime.building import bell_of, committer_of, deliverer_of, history_of, rooms_of
from chatlog.runtime.tasks import Tasks
from chatlog.settings import Settings
from chatlog.token_mode import TokenMode, clerk_of, end_expired, now, redacting
from chatlog.webhooks.deliverer import Deliverer
from chatlog.webhooks.sending import sender_of
from chatlog.wire.commands import OPEN, PERSONS

logger = logging.getLogger(__name__)

DIVERGED: Final = (
    "The log has lost events that this server has read, as after a fail-over to a standby that was "
    "behind or a restored backup. It closes its clients' connections; a client that has seen a "
    "lost event gets `diverged` when it comes back."
)
_RETENTION_PAUSE: Final = 300.0
"""Seconds: a failing retention rule reads a lot for nothing, so retry it rarely."""


class Runtime:
    """One node: its parts (a connection sees those in ``Parts``), its clients and its lease."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        node: Node,
        tasks: asyncio.TaskGroup,
        token_mode: TokenMode | None = None,
        *,
        past: Database | None = None,
    ) -> None:
        self.settings, self.limits = settings, limits_of(settings)
        self.database, self.past = database, past or database
        self.clients: set[RoomsClient[Any]] = set()
        self.token_mode = token_mode
        self.access = None if token_mode is None else token_mode.access
        self.commands = OPEN if token_mode is None else PERSONS
        has_tokens = token_mode is not None
        self.addresses = Counts(settings.connections_per_address(is_token_mode=has_tokens))
        self.proxies = [ip_network(network) for network in settings.trusted_proxy]
        self.chats = Buckets(settings.chats_per_second(is_token_mode=has_tokens))
        self.stopping = self._has_stopped = False
        self.unfit: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.refusals: Counter[str] = Counter()
        self.tasks = Tasks(tasks)
        self.clock = LogClock()
        self.readiness = self._readiness()
        self.rooms = rooms_of(settings, database, self.tasks, tasks, self._is_current)
        turn, lost = asyncio.Lock(), asyncio.Event()
        self.tail = self._tail(turn)
        self.writer = self._writer(node)
        self.bell = bell_of(settings, database, self.writer)
        self.committer = self._committer(turn, lost)
        self.departures = Departures(self.committer, self.refusals)
        self.membership = self._membership(node, lost)
        self.history = history_of(settings, self.past, database)
        self.door = self.history.door
        is_alone = database.backend.is_exclusive
        self.users = Users(self.rooms, self.door, self._is_current, is_alone=is_alone)
        self.members = Members(self.door, now)
        self.operations, self.deliverer = self._operations(tasks)
        self.door.clerk = clerk_of(self.committer)
        self.redact = redacting(
            self.committer, self.operations.eraser, redact_own=settings.redact_own == "on"
        )

    def _tail(self, turn: asyncio.Lock) -> Tail:
        served: Served = self.rooms
        if self.token_mode is None:
            served = Guard(served, partial(self._end_as_unfit, UNFIT))
        poll_seconds = self.settings.poll_seconds
        return Tail(
            self.database,
            served,
            turn,
            poll_seconds=poll_seconds,
            diverged=self._diverged,
            noted=self.readiness.note_read,
        )

    def _committer(self, turn: asyncio.Lock, lost: asyncio.Event) -> Committer:
        delivered = self.rooms.delivered
        return committer_of(
            self.settings, self.writer, self._deliver, turn, lost, lambda: delivered.events
        )

    def _deliver(self, events: list[Recorded]) -> None:
        """Dispatch a batch that this node has committed, and let the other nodes know."""
        if self.bell is not None:
            self.bell.tell(events)
        self.tail.offer(events)

    def _writer(self, node: Node) -> Writer:
        return Writer(
            self.database,
            node,
            doubt_seconds=self.settings.doubt_seconds,
            noted=self.readiness.note,
            timed=self.clock.note,
            diverged=self.tail.doubt,
            read=lambda: self.tail.sure_place,
            renewed=self.readiness.renewed,
            is_open=self.token_mode is None,
        )

    def _readiness(self) -> Readiness:
        return Readiness(
            self._probe,
            probe_seconds=self.settings.probe_seconds,
            grace_seconds=self.settings.database_grace_seconds,
            went_away=partial(self._close_clients, "disconnected"),
        )

    def _is_current(self) -> bool:
        """Return whether no other server can have ended the sessions of this one."""
        is_alone = self.database.backend.is_exclusive
        return is_alone or self.readiness.has_lease(self.settings.lease_seconds)

    def _operations(self, tasks: asyncio.TaskGroup) -> tuple[Operations, Deliverer]:
        """Return the operators' commands, and what delivers webhooks, which they change."""
        sender = sender_of(self.settings)
        has_people = self.token_mode is not None
        operations = Operations(
            self.database, self.committer, sender, limits=self.limits, has_people=has_people
        )
        deliverer = deliverer_of(
            self.settings,
            self.database,
            self.writer,
            self.committer,
            self.tail,
            self.door,
            sender,
            self.tasks,
            tasks,
        )
        operations.webhooks.changed = deliverer.look
        operations.eraser.recall = deliverer.recall
        return operations, deliverer

    def _membership(self, node: Node, lost: asyncio.Event) -> Membership:
        return Membership(
            self.database,
            self.writer,
            self.departures,
            lost,
            self._start_afresh,  # to join again: their sessions lapsed
            self._end_as_unfit,
            name=node.given_name,
            lease_seconds=self.settings.lease_seconds,
            read_position=self._read_position,
        )

    def _read_position(self) -> int:
        return self.tail.position

    def start(self) -> None:
        """Start the tasks that run for as long as the node does."""
        keep = self.tasks.keep
        keep("committer", self.committer.run)
        keep("tail", self.tail.run)
        if self.bell is not None:
            rung = (self.tail.ring, self.tail.wake, self.rooms.has_any, self._read_position)
            heard = partial(self.bell.listen, *rung)
            keep("bell", heard)
            keep("ringing", self.bell.send)
        keep("sweep", self.rooms.sweep)
        keep("departures", self.departures.run)
        keep("eraser", self.operations.eraser.run)
        keep("retention", self._erase_what_is_too_old, longest_pause_seconds=_RETENTION_PAUSE)
        keep("webhooks", self.deliverer.run)
        keep("lease", self.membership.keep)
        reporting = partial(report, self.database, self.writer, self.tail, self.deliverer.recall)
        keep("reading", partial(reporting, every_seconds=self.settings.lease_seconds / 3))
        if not self.database.backend.is_exclusive:  # else no other server could serve the clients
            keep("outages", self.readiness.watch)
        keep("reaper", self.membership.reap)
        if self.token_mode is not None:
            keep("expiries", partial(end_expired, self.rooms, self.committer))
            keep("revocations", self.token_mode.revoked.run)
            if self.token_mode.keys is not None:
                keep("keys", self.token_mode.keys.run)

    async def _probe(self) -> None:
        began = since_boot()
        await leases.renew(self.database, self.writer.node)
        self.readiness.renewed(began)

    async def _erase_what_is_too_old(self) -> None:
        await self.operations.retention.run(self.settings.retention_seconds)

    def end_revoked(self) -> None:
        """Close the connections whose tokens have been revoked."""
        for client in tuple(self.clients):
            client.end_if_revoked()

    @property
    def is_closed(self) -> bool:
        """Whether no further client is served: the server stops, or its log is away for long."""
        return self.stopping or self.readiness.is_away

    async def is_ready(self) -> bool:
        """Return whether the log can be written, according to the last commit or probe.

        In token mode people must also be able to sign in.
        """
        if self.token_mode is not None and not self.token_mode.is_ready:
            return False
        return not self.stopping and await self.readiness.check() and not self.stopping

    def _end_as_unfit(self, why: str) -> None:
        """Show nothing more, because this program may not serve what the database has by now."""
        if self.unfit.done():
            return
        logger.error(why)
        self.door.is_closed = True
        self._end_clients()
        self.unfit.set_result(why)

    def _diverged(self) -> None:
        """Let the clients come back: what they have seen may not be in the log any more."""
        logger.error(DIVERGED)
        self.deliverer.begin_again()
        self._start_afresh()

    def _start_afresh(self) -> None:
        """Forget the rooms, and let the clients come back."""
        self.rooms.abandon()
        self._close_clients("disconnected")

    def _end_clients(self) -> None:
        """Accept nothing more, let every session leave (``shutdown``), close every client."""
        self.stopping = True
        self._close_clients("shutdown")
        self.tail.wake()  # who follows the log ends now

    async def stop(self) -> None:
        """End the clients, and wait until what is queued is appended and the others know of it."""
        if self._has_stopped:
            return
        self._has_stopped = True
        self._end_clients()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.shutdown_seconds / 2):
                await self.departures.wait()
                await self.committer.drain()
                if self.bell is not None:
                    with contextlib.suppress(Exception):  # without it, others read when they poll
                        await self.bell.flush()

    def _close_clients(self, cause: Cause) -> None:
        for client in tuple(self.clients):
            client.close(cause)
            client.go_away()
