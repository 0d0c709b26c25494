"""The tail: this node's one cursor along the log, past which everything is dispatched.

If the batch just committed by this node is next, it is taken from memory; anything else (another
node's, or a commit whose outcome was unknown) is read from the log. A bell only signals that
there may be something to read: a lost bell delays reading until the next poll.

Promises: ``dispatch`` is called with every event once, in the order of the log, only with
committed events, and with this node's own only after their authors were answered: the committer
holds ``turn`` from the commit to the answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from chatlog.databases.database import Database
from chatlog.eventlog.read import end, read_forward
from chatlog.kinds.event import Recorded

_PAGE: Final = 500


class Tail:
    """Follows the log from ``position`` on."""

    def __init__(
        self,
        database: Database,
        dispatch: Callable[[list[Recorded]], None],
        turn: asyncio.Lock,
        *,
        poll_seconds: float,
    ) -> None:
        self.position = 0
        self._database = database
        self._dispatch = dispatch
        self._turn = turn
        self._poll_seconds = poll_seconds
        self._bell = asyncio.Event()
        self._moved = asyncio.Event()

    async def start(self) -> None:
        """Start at the log's present end."""
        async with self._database.read() as connection:
            self.position = await end(connection)

    def ring(self) -> None:
        """Signal that there may be something to read."""
        self._bell.set()

    def offer(self, events: list[Recorded]) -> None:
        """Dispatch a batch just committed if it is next; otherwise let ``run`` read it in order."""
        if events[0].position == self.position + 1:
            self._advance(events)
        else:
            self.ring()

    async def moved(self, *, within: float) -> None:
        """Wait until events are dispatched or ``wake`` is called, at most ``within`` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._moved.wait()

    def wake(self) -> None:
        """Wake everybody who waits for the tail to move."""
        self._moved.set()
        self._moved = asyncio.Event()

    def _advance(self, events: list[Recorded]) -> None:
        self.position = events[-1].position
        self.wake()
        self._dispatch(events)

    async def run(self) -> None:
        """Read events from elsewhere, until cancelled; called again, it continues."""
        while True:
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._bell.wait()
            except TimeoutError:
                pass
            self._bell.clear()
            try:
                await self._catch_up()
            except Exception:
                self.ring()  # what was rung for is still to be read
                raise

    async def _catch_up(self) -> None:
        while True:
            async with self._database.read() as connection:
                events = await read_forward(connection, self.position, limit=_PAGE)
            async with self._turn:
                # A commit of this node that was in progress has now been answered and dispatched.
                events = [event for event in events if event.position > self.position]
                if not events:
                    return
                self._advance(events)
