"""Composition: builds one node's parts, runs their tasks, stops them in reverse.

Only this module distributes the settings and starts the tasks. Lower layers get what they need as
arguments and never import this module.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import fields
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from chatlog.chat.departures import Departures
from chatlog.chat.log_clock import LogClock
from chatlog.chat.node_lease import Membership
from chatlog.chat.open_mode import UNFIT, Guard, check_open
from chatlog.chat.parts import Client
from chatlog.chat.people.buckets import Buckets, Counts
from chatlog.chat.people.members import Members
from chatlog.chat.readiness import Readiness
from chatlog.chat.rooms import Rooms
from chatlog.chat.tasks import Tasks, task_group
from chatlog.chat.users import Users
from chatlog.databases.database import Database
from chatlog.databases.opening import open_for_writing
from chatlog.delivery.catch_up import CatchUp
from chatlog.domain.names import Limits
from chatlog.eventlog.append import Node
from chatlog.eventlog.committer import Committer
from chatlog.eventlog.tail import Tail
from chatlog.eventlog.writer import Writer
from chatlog.kinds.leave import Cause
from chatlog.nodes import leases, naming
from chatlog.operations import control_socket as control
from chatlog.operations.operations import Operations
from chatlog.readers.history import History
from chatlog.settings import Settings
from chatlog.token_mode import TokenMode, clerk_of, end_expired, enter, now, redacting
from chatlog.wire.commands import OPEN, PERSONS

logger = logging.getLogger(__name__)

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
    ) -> None:
        self.settings, self.limits = settings, limits_of(settings)
        self.database = database
        self.clients: set[Client] = set()
        self.token_mode = token_mode
        self.access = None if token_mode is None else token_mode.access
        self.commands = OPEN if token_mode is None else PERSONS
        has_tokens = token_mode is not None
        self.addresses = Counts(settings.connections_per_address(is_token_mode=has_tokens))
        self.proxies = [ip_network(network) for network in settings.trusted_proxy]
        self.chats = Buckets(settings.chats_per_second(is_token_mode=has_tokens))
        self.stopping = self._has_stopped = False
        self.unfit = asyncio.Event()
        self.refusals: Counter[str] = Counter()
        self.tasks = Tasks(tasks)
        self.clock = LogClock()
        self.readiness = Readiness(self._probe, probe_seconds=settings.probe_seconds)
        self.rooms = _rooms(settings, database, self.tasks, tasks)
        turn, lost = asyncio.Lock(), asyncio.Event()
        guard = None if has_tokens else Guard(self.rooms.dispatch, self._end_as_unfit)
        dispatch = self.rooms.dispatch if guard is None else guard.dispatch
        self.tail = Tail(database, dispatch, turn, poll_seconds=settings.poll_seconds)
        self.writer = Writer(
            database,
            node,
            doubt_seconds=settings.doubt_seconds,
            noted=self.readiness.note,
            timed=self.clock.note,
            is_open=not has_tokens,
        )
        self.committer = _committer(settings, self.writer, self.tail, turn, lost)
        self.departures = Departures(self.committer, self.refusals)
        self.membership = self._membership(node, lost)
        self.history = _history(settings, database)
        self.door = self.history.door
        self.users = Users(self.rooms, self.door)
        self.members = Members(self.door, now)
        self.operations = Operations(database, self.committer, is_open=not has_tokens)
        self.door.clerk = clerk_of(self.committer)
        self.redact = redacting(
            self.committer, self.operations.eraser, redact_own=settings.redact_own == "on"
        )

    def _membership(self, node: Node, lost: asyncio.Event) -> Membership:
        return Membership(
            self.database,
            self.writer,
            self.departures,
            lost,
            partial(self._close_clients, "disconnected"),  # to join again: their sessions lapsed
            name=node.given_name,
            lease_seconds=self.settings.lease_seconds,
        )

    def start(self) -> None:
        """Start the tasks that run for as long as the node does."""
        keep = self.tasks.keep
        keep("committer", self.committer.run)
        keep("tail", self.tail.run)
        keep("sweep", self.rooms.sweep)
        keep("departures", self.departures.run)
        keep("eraser", self.operations.eraser.run)
        keep("retention", self._erase_what_is_too_old, longest_pause_seconds=_RETENTION_PAUSE)
        keep("lease", self.membership.keep)
        keep("reaper", self.membership.reap)
        if self.token_mode is not None:
            keep("expiries", partial(end_expired, self.rooms, self.committer))
            keep("revocations", self.token_mode.revoked.run)
            if self.token_mode.keys is not None:
                keep("keys", self.token_mode.keys.run)

    async def _probe(self) -> None:
        await leases.renew(self.database, self.writer.node)

    async def _erase_what_is_too_old(self) -> None:
        await self.operations.retention.run(self.settings.retention_seconds)

    def end_revoked(self) -> None:
        """Close the connections whose tokens have been revoked."""
        for client in tuple(self.clients):
            client.end_if_revoked()

    async def is_ready(self) -> bool:
        """Return whether the log can be written, according to the last commit or probe.

        In token mode people must also be able to sign in.
        """
        if self.token_mode is not None and not self.token_mode.is_ready:
            return False
        return not self.stopping and await self.readiness.check() and not self.stopping

    def _end_as_unfit(self) -> None:
        """Show nothing more: in open mode, nobody may see a log with rights."""
        logger.error(UNFIT)
        self.door.is_closed = True
        self._end_clients()
        self.unfit.set()

    def _end_clients(self) -> None:
        """Accept nothing more, let every session leave (``shutdown``), close every client."""
        self.stopping = True
        self._close_clients("shutdown")
        self.tail.wake()  # who follows the log ends now

    async def stop(self) -> None:
        """End the clients, and wait for what is queued."""
        if self._has_stopped:
            return
        self._has_stopped = True
        self._end_clients()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.shutdown_seconds / 2):
                await self.departures.wait()
                await self.committer.drain()

    def _close_clients(self, cause: Cause) -> None:
        for client in tuple(self.clients):
            client.close(cause)
            client.go_away()


def _rooms(settings: Settings, database: Database, tasks: Tasks, group: asyncio.TaskGroup) -> Rooms:
    catch_up = CatchUp(
        group,
        mark=settings.max_buffer_bytes,
        slow_seconds=settings.slow_seconds,
        failed=partial(tasks.failed, "catch-up"),
    )
    return Rooms(
        database,
        catch_up=catch_up.start,
        failed=partial(tasks.failed, "dispatch"),
        max_buffer_bytes=settings.max_buffer_bytes,
        max_recent_bytes=settings.max_recent_bytes,
        idle_seconds=settings.idle_room_seconds,
    )


def _committer(
    settings: Settings, writer: Writer, tail: Tail, turn: asyncio.Lock, lost: asyncio.Event
) -> Committer:
    return Committer(
        writer,
        tail.offer,
        lost.set,
        turn=turn,
        max_batch=settings.max_batch,
        max_waiting=settings.max_waiting_commands,
        max_waiting_bytes=settings.max_waiting_bytes,
        max_delay_ms=settings.max_commit_delay_ms,
    )


def _history(settings: Settings, database: Database) -> History:
    return History(
        database,
        max_large_pages=settings.max_large_pages,
        max_http_answers=settings.max_http_answers,
        max_long_reads=min(settings.max_long_reads, max(1, settings.readers - 1)),
        max_page_bytes=settings.max_page_bytes,
        max_buffer_bytes=settings.max_buffer_bytes,
    )


def _end_revoked(live: list[Runtime]) -> None:
    for runtime in live:
        runtime.end_revoked()


def limits_of(settings: Settings) -> Limits:
    """Return the domain's share of the settings."""
    return Limits(**{field.name: getattr(settings, field.name) for field in fields(Limits)})


@contextlib.asynccontextmanager
async def running(settings: Settings, *, has_hook: bool = False) -> AsyncIterator[Runtime]:
    """Run a node until the block is left; then stop it gracefully.

    With a hook that says who people are, it runs in token mode whatever the settings say.

    Raises:
        LogError: if the database is in use, belongs to another program or has a newer revision,
            or if another server has the given name.
    """
    with control.place() as place:
        opening = open_for_writing(
            settings.database, share=settings.migrate, readers=settings.readers, about=place.choose
        )
        async with opening as database, _node(settings, database, place, has_hook) as runtime:
            yield runtime


@contextlib.asynccontextmanager
async def _node(
    settings: Settings, database: Database, place: control.Place, has_hook: bool
) -> AsyncIterator[Runtime]:
    alone = database.backend.is_exclusive
    live: list[Runtime] = []
    token_mode = await enter(
        settings,
        database,
        limits_of(settings),
        lambda: _end_revoked(live),
        has_hook=has_hook,
    )
    node = await naming.begin(
        database,
        settings.node or naming.default_name(),
        alone=alone,
        lease_seconds=settings.lease_seconds,
    )
    async with task_group() as tasks:
        runtime = Runtime(settings, database, node, tasks, token_mode)
        live.append(runtime)
        await runtime.tail.start()
        if token_mode is None:  # again: the tail does not meet what came in since
            await check_open(database)
        await runtime.clock.look(database)
        runtime.start()
        try:
            async with _controlled(place.path if alone else None, runtime):
                yield runtime
        finally:
            await runtime.stop()
            runtime.committer.close()
    with contextlib.suppress(Exception):  # if the database is away, the lease runs out
        async with asyncio.timeout(settings.shutdown_seconds / 4):
            await leases.end(database, runtime.writer.node)


@contextlib.asynccontextmanager
async def _controlled(socket: Path | None, runtime: Runtime) -> AsyncIterator[None]:
    if socket is None:
        yield
        return
    async with control.listening(socket, runtime.operations.handlers(), runtime.refusals):
        yield
