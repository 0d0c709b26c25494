"""Composition: builds one node's parts, runs their tasks, stops them in reverse.

The only place where settings are taken apart and where tasks are started. Everything
below is passed what it needs; nothing below reaches up here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path

from chatlog.delivery.catch_up import CatchUp
from chatlog.domain.errors import LeaseLost
from chatlog.domain.names import Limits
from chatlog.eventlog.append import Node
from chatlog.eventlog.committer import Committer
from chatlog.eventlog.database import Database, backend_for
from chatlog.eventlog.opening import open_for_writing
from chatlog.eventlog.postgres import Postgres
from chatlog.eventlog.sqlite import Sqlite
from chatlog.eventlog.tail import Tail
from chatlog.eventlog.writer import Writer
from chatlog.nodes import leases
from chatlog.nodes.reaper import leaves_due
from chatlog.service import control
from chatlog.service.connection import Connection
from chatlog.service.departures import Departures
from chatlog.service.history import History
from chatlog.service.operations import Operations
from chatlog.service.parts import Parts
from chatlog.service.rooms import Rooms
from chatlog.service.users import Users
from chatlog.settings import Settings

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5


class Runtime:
    """One node: its parts, the clients it serves and its lease."""

    def __init__(
        self, settings: Settings, database: Database, node: Node, tasks: asyncio.TaskGroup
    ) -> None:
        self.settings = settings
        self.database = database
        self.clients: set[Connection] = set()
        self.stopping = False
        self.rooms = Rooms(
            database,
            max_buffer_bytes=settings.max_buffer_bytes,
            max_recent_bytes=settings.max_recent_bytes,
            idle_seconds=settings.idle_room_seconds,
        )
        catch_up = CatchUp(
            tasks,
            self.rooms.read_frames,
            mark=settings.max_buffer_bytes,
            slow_seconds=settings.slow_seconds,
        )
        self.rooms.catch_up = catch_up.start
        turn = asyncio.Lock()
        self.tail = Tail(database, self.rooms.dispatch, turn, poll_seconds=settings.poll_seconds)
        self.writer = Writer(database, node, doubt_seconds=settings.doubt_seconds)
        self._lost = asyncio.Event()
        self.committer = Committer(
            self.writer,
            self.tail.offer,
            self._lost.set,
            turn=turn,
            max_batch=settings.max_batch,
            max_waiting=settings.max_waiting_commands,
            max_delay_ms=settings.max_commit_delay_ms,
        )
        self.departures = Departures(self.committer)
        self.history = History(
            database,
            max_pages=settings.max_pages,
            max_page_bytes=settings.max_page_bytes,
            max_buffer_bytes=settings.max_buffer_bytes,
        )
        self.users = Users(database, self.rooms)
        self.operations = Operations(database, self.committer)
        self.parts = _parts(self)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start the tasks that run for as long as the node does."""
        tasks.create_task(self.committer.run(), name="committer")
        tasks.create_task(self.tail.run(), name="tail")
        tasks.create_task(self.rooms.sweep(), name="sweep of idle rooms")
        tasks.create_task(self.departures.run(), name="departures")
        tasks.create_task(self.operations.eraser.run(), name="eraser")
        retention = self.operations.retention.run(self.settings.retention_seconds)
        tasks.create_task(retention, name="retention")
        tasks.create_task(self._keep_lease(), name="lease")
        tasks.create_task(self._reap(), name="reaper")

    async def is_ready(self) -> bool:
        """Return whether the log can be written now."""
        try:
            async with asyncio.timeout(2):
                await leases.renew(self.database, self.writer.node)
        except Exception as error:  # noqa: BLE001 - whatever it is, the node is not ready
            logger.warning("Not ready: %r", error)
            return False
        return not self.stopping

    async def stop(self) -> None:
        """Take nothing more, let every session leave (``shutdown``), close every client."""
        if self.stopping:
            return
        self.stopping = True
        for client in tuple(self.clients):
            client.close("shutdown")
            client.go_away()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.shutdown_seconds / 2):
                await self.departures.wait()
                await self.committer.drain()

    async def _keep_lease(self) -> None:
        """Renew the lease while nothing is appended; take a new one if it was lost."""
        while True:
            try:
                async with asyncio.timeout(self.settings.lease_seconds / 3):
                    await self._lost.wait()
            except TimeoutError:
                pass
            try:
                await self._renew()
            except Exception as error:  # noqa: BLE001 - the database is away; try again
                logger.warning("The lease could not be renewed: %r", error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _renew(self) -> None:
        try:
            await leases.renew(self.database, self.writer.node)
        except LeaseLost:
            await self._begin_again()

    async def _begin_again(self) -> None:
        """Our sessions have lapsed in the log: become a new node, have clients come back."""
        logger.error("This server was taken for dead; its clients will join again.")
        alone = isinstance(self.database.backend, Sqlite)
        self.writer.node = await leases.begin(self.database, _name(self.settings), alone=alone)
        self._lost.clear()
        for client in tuple(self.clients):
            client.close("disconnected")
            client.go_away()

    async def _reap(self) -> None:
        """Close what dead nodes left open.

        After an outage of the database others may not have been able to renew their
        leases; so nobody is taken for dead before a whole lease has passed since this
        node could read the log again.
        """
        loop = asyncio.get_running_loop()
        lease = self.settings.lease_seconds
        since = loop.time()
        while True:
            await asyncio.sleep(lease / 3)
            try:
                if isinstance(self.database.backend, Postgres) and loop.time() - since > lease:
                    # A database that hung for longer than a lease kept others from renewing, too.
                    async with asyncio.timeout(lease / 3):
                        await leases.end_expired(self.database, lease)
                self.departures.add(await leaves_due(self.database))
            except Exception as error:  # noqa: BLE001 - the database is away: everybody gets a new lease
                logger.warning("Dead servers could not be looked for: %r", error)
                since = loop.time()


def _name(settings: Settings) -> str:
    return settings.node or f"node-{settings.port}"


def _parts(runtime: Runtime) -> Parts:
    settings = runtime.settings
    return Parts(
        committer=runtime.committer,
        rooms=runtime.rooms,
        departures=runtime.departures,
        history=runtime.history,
        users=runtime.users,
        limits=limits_of(settings),
        refusals={},
        max_in_flight=settings.max_in_flight,
        max_bad_commands_per_minute=settings.max_bad_commands_per_minute,
        max_chats_per_second=settings.max_chats_per_second,
        max_buffer_bytes=settings.max_buffer_bytes,
        slow_seconds=settings.slow_seconds,
    )


def limits_of(settings: Settings) -> Limits:
    """Return the domain's share of the settings."""
    return Limits(**{field.name: getattr(settings, field.name) for field in fields(Limits)})


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Runtime]:
    """Run a node until the block is left; then stop it gracefully.

    Raises:
        LogError: if the database is in use, another's, or of a newer revision.
    """
    socket = _socket_of(settings)
    about = {"socket": str(socket)} if socket is not None else {}
    async with open_for_writing(
        settings.database, share=settings.migrate, readers=settings.readers, about=about
    ) as database:
        alone = socket is not None
        node = await leases.begin(database, _name(settings), alone=alone)
        async with _task_group() as tasks:
            runtime = Runtime(settings, database, node, tasks)
            await runtime.tail.start()
            runtime.start(tasks)
            runtime.departures.add(await leaves_due(database))
            try:
                async with _controlled(socket, runtime):
                    yield runtime
            finally:
                await runtime.stop()
        with contextlib.suppress(Exception):  # if the database is away, the lease runs out
            async with asyncio.timeout(settings.shutdown_seconds / 4):
                await leases.end(database, runtime.writer.node)


def _socket_of(settings: Settings) -> Path | None:
    """Return where this node takes commands beside its SQLite file; None on PostgreSQL."""
    backend = backend_for(settings.database)
    return control.socket_path(backend.path) if isinstance(backend, Sqlite) else None


@contextlib.asynccontextmanager
async def _controlled(socket: Path | None, runtime: Runtime) -> AsyncIterator[None]:
    if socket is None:
        yield
        return
    async with control.listening(socket, runtime.operations.handlers()):
        yield


@contextlib.asynccontextmanager
async def _task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Own tasks: one that fails ends the block, and leaving the block cancels them all."""

    class Over(Exception):
        pass

    try:
        async with asyncio.TaskGroup() as group:
            yield group
            raise Over
    except* Over:
        pass
