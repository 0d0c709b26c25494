"""Report how far this node has read the log, so that an erasure can wait for every node."""

from __future__ import annotations

import asyncio
import contextlib

from chatlog.databases.database import Database
from chatlog.eventlog.tail import Tail
from chatlog.eventlog.writer import Writer
from chatlog.nodes import leases


async def report(database: Database, writer: Writer, tail: Tail, *, every_seconds: float) -> None:
    """Report at once when an erasure was read, otherwise from time to time, until cancelled."""
    reported = None
    while True:
        tail.has_read_erasure.clear()
        now = writer.node, tail.position
        if now != reported:
            await leases.report(database, *now)
            reported = now
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every_seconds):
                await tail.has_read_erasure.wait()
