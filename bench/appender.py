"""One node that appends at a given rate, and rings for others; it serves no clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.follower import transport_of
from chatlog.bus.bell import Bell
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.eventlog.committing.committer import Committer, Told
from chatlog.eventlog.committing.writer import Writer
from chatlog.kinds.chat import PostAs
from chatlog.kinds.event import Recorded
from chatlog.nodes import leases

_TEXT = "x" * 100


class Appender:
    """The one node that appends: a committer, its bell, and when each event was durable."""

    def __init__(self, committer: Committer, bell: Bell | None) -> None:
        self._committer = committer
        self._bell = bell
        self.committed: dict[int, int] = {}

    async def run(self, rooms: Sequence[str], per_second: int, seconds: float) -> None:
        """Append to one room after the other, at a rate, for a while."""
        self.committed.clear()
        begun, sent, total = time.monotonic(), 0, int(per_second * seconds)
        while sent < total:
            due = min(total, int((time.monotonic() - begun) * per_second) + 1)
            for number in range(sent, due):
                command = PostAs(rooms[number % len(rooms)], _TEXT, username="writer")
                self._committer.submit(command, self._note)
            sent = due
            await asyncio.sleep(max(0.001, sent / per_second - (time.monotonic() - begun)))
        await self._committer.drain()
        await asyncio.sleep(max(0.0, seconds - (time.monotonic() - begun)))

    @property
    def rings(self) -> int:
        """How often it has rung so far."""
        return 0 if self._bell is None else self._bell.told

    def _note(self, told: Told) -> None:
        if not isinstance(told, Recorded):
            raise TypeError(f"not appended: {told}")
        self.committed[told.position] = time.monotonic_ns()


@asynccontextmanager
async def appending(url: str, bus: str) -> AsyncIterator[Appender]:
    """Run the node that appends, on an empty log."""
    database = Database(url)
    await migrate(database)
    node = await leases.begin(database, "bench", alone=False)
    transport = transport_of(bus, database)
    bell = None if transport is None else Bell(transport, lambda: node.number)
    committer = Committer(
        Writer(database, node, doubt_seconds=5.0, is_open=True),
        (lambda _events: None) if bell is None else bell.tell,
        lambda: None,
        max_batch=1_000,
        max_waiting=100_000,
        max_delay_ms=20,
    )
    tasks = [asyncio.create_task(committer.run())]
    if bell is not None:
        # NATS sends on the connection that listens.
        heard = bell.listen(lambda: None, lambda: None, lambda _digests: False)
        tasks += [asyncio.create_task(heard), asyncio.create_task(bell.send())]
    try:
        yield Appender(committer, bell)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if bell is not None:
            await bell.close()
        await leases.end(database, node)
        await database.dispose()
