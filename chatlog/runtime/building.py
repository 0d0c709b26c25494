"""Builds a node's parts, each with its share of the settings."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

from chatlog.bus.bell import Bell
from chatlog.bus.nats import Nats
from chatlog.chat.rooms import Rooms
from chatlog.databases.bell import Transport
from chatlog.databases.database import Database
from chatlog.delivery.catch_up import CatchUp
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.lookup import log_id
from chatlog.eventlog.tail import Tail
from chatlog.kinds.event import Recorded
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.history import History
from chatlog.runtime.tasks import Tasks
from chatlog.settings import Settings
from chatlog.webhooks.attempt import Schedule
from chatlog.webhooks.deliverer import Deliverer
from chatlog.webhooks.lane import Means
from chatlog.webhooks.ledger import Ledger
from chatlog.webhooks.sending import Sender

_GATHERING = 5
"""Arrivals and departures in a room of many may wait so many times as long as a commit."""


def rooms_of(
    settings: Settings,
    database: Database,
    tasks: Tasks,
    group: asyncio.TaskGroup,
    is_current: Callable[[], bool],
) -> Rooms:
    """Return the rooms that this node serves."""
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
        max_gather_seconds=_GATHERING * settings.max_commit_delay_ms / 1_000,
        is_current=is_current,
    )


def committer_of(
    settings: Settings,
    writer: Writer,
    deliver: Callable[[list[Recorded]], None],
    turn: asyncio.Lock,
    lost: asyncio.Event,
    delivered: Callable[[], int],
) -> Committer:
    """Return what gathers commands into commits."""
    return Committer(
        writer,
        deliver,
        lost.set,
        turn=turn,
        delivered=delivered,
        max_batch=settings.max_batch,
        max_waiting=settings.max_waiting_commands,
        max_waiting_bytes=settings.max_waiting_bytes,
        max_delay_ms=settings.max_commit_delay_ms,
    )


def bell_of(settings: Settings, database: Database, writer: Writer) -> Bell | None:
    """Return what rings the other nodes; None if nothing does."""
    transport: Transport | None = None
    if settings.nats_servers:
        transport = Nats(settings.nats_servers, partial(_subject, database))
    elif settings.bus == "auto":
        transport = database.backend.bell()
    return None if transport is None else Bell(transport, lambda: writer.node.number)


async def _subject(database: Database) -> str:
    """Return the subject on NATS of this log, so that several logs can share its servers."""
    async with database.read() as connection:
        return f"chatlog.{await log_id(connection)}"


def history_of(settings: Settings, past: Database, database: Database) -> History:
    """Return the readers of history: pages come from ``past``, rights from ``database``."""
    return History(
        past,
        database,
        max_large_pages=settings.max_large_pages,
        max_http_answers=settings.max_http_answers,
        max_long_reads=min(settings.max_long_reads, max(1, settings.readers - 1)),
        max_page_bytes=settings.max_page_bytes,
        max_buffer_bytes=settings.max_buffer_bytes,
    )


def deliverer_of(
    settings: Settings,
    database: Database,
    writer: Writer,
    committer: Committer,
    tail: Tail,
    door: Door,
    sender: Sender,
    tasks: Tasks,
    group: asyncio.TaskGroup,
) -> Deliverer:
    """Return what delivers webhooks."""
    means = Means(
        database,
        partial(door.admit_everywhere, OPERATOR),
        Ledger(database, committer),
        sender,
        Schedule(settings.webhook_retry_seconds, settings.max_retry_after_seconds),
        partial(tasks.failed, "webhook delivery"),
        Counter(),
    )
    return Deliverer(
        database,
        committer,
        tail,
        group,
        means,
        lambda: writer.node.number,
        poll_seconds=settings.poll_seconds,
        max_requests=settings.max_webhook_requests,
    )
