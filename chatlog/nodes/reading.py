"""Report how far this node has read the log, so that an erasure can wait for every node."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from chatlog.databases.database import Database
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.tail import Tail
from chatlog.nodes import leases


async def report(
    database: Database,
    writer: Writer,
    tail: Tail,
    recall: Callable[[], Awaitable[None]],
    *,
    every_seconds: float,
) -> None:
    """Report at once when an erasure was read, otherwise from time to time, until cancelled.

    ``recall`` stops what is still sending erased content; it is called before.
    """
    reported = None
    while True:
        now = writer.node, tail.position
        if tail.has_read_erasure.is_set():
            tail.has_read_erasure.clear()
            await recall()
        if now != reported:
            await leases.report(database, *now)
            reported = now
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every_seconds):
                await tail.has_read_erasure.wait()
