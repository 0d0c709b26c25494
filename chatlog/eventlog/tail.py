"""The tail: this node's one cursor along the log, past which everything is dispatched.

A batch just committed by this node is taken from memory if it is next, in the log or in each of
its rooms. Anything else (another node's, or a commit whose outcome was unknown) is read from the
log, once for all members, and only for rooms that this node serves. A bell only signals that there
may be something to read: a lost bell delays reading until the next poll.

Promises: ``dispatch`` gets every event of a served room, in the order of that room, only committed
events, and this node's own only after their authors were answered: the committer holds ``turn``
from the commit to the answers. Each reading checks that the log still is the one that was read
before: a fail-over may have lost its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from chatlog.databases.backend import Place
from chatlog.databases.database import Database
from chatlog.databases.places import START, end_place
from chatlog.eventlog.forward import Page, Wants, page_after
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded

_PAGE: Final = 500
_PAUSE_SECONDS: Final = 0.005
"""From the begin of one reading to the next: of many bells, each reading answers several."""


class Served(Protocol):
    """The rooms that this node serves, and what else it wants to know of the log."""

    def wants(self, room: str, type: str) -> bool:
        """Return whether events of this room and type are to be dispatched."""

    def is_next(self, recorded: Recorded) -> bool:
        """Return whether an event may be dispatched now: all before it in its room have been."""

    def dispatch(self, events: list[Recorded]) -> None:
        """Take committed events, in the order of each room; known ones are ignored."""


class Tail:
    """Follows the log.

    ``noted`` is called with the outcome of each reading, and ``diverged`` if the log's end is not
    what this node has read.
    """

    def __init__(
        self,
        database: Database,
        served: Served,
        turn: asyncio.Lock,
        *,
        poll_seconds: float,
        diverged: Callable[[], None] = lambda: None,
        noted: Callable[[bool], None] = lambda _succeeded: None,
    ) -> None:
        self._place = START
        self._database = database
        self._served = served
        self._turn = turn
        self._poll_seconds = poll_seconds
        self._diverged = diverged
        self._noted = noted
        self._ahead: deque[tuple[int, Place]] = deque()
        self._wants_most = True
        self._is_in_doubt = False
        self._bell = asyncio.Event()
        self._moved = asyncio.Event()
        self.moves = 0
        self.has_read_erasure = asyncio.Event()

    @property
    def position(self) -> int:
        """The position up to which everything has been dispatched."""
        return self._place.position

    @property
    def sure_place(self) -> Place | None:
        """The place of the last event that was dispatched; None for none, or while in doubt."""
        return None if self._is_in_doubt or self._place == START else self._place

    async def start(self) -> None:
        """Start at the log's present end."""
        async with self._database.read() as connection:
            self._place = await end_place(connection)

    def ring(self) -> None:
        """Signal that there may be something to read."""
        self._bell.set()

    def doubt(self) -> None:
        """Take nothing more from memory until the log was compared with what was read of it."""
        self._is_in_doubt = True
        self.ring()

    def offer(self, events: list[Recorded]) -> None:
        """Dispatch a batch just committed if it is next; otherwise let ``run`` read it in order.

        It may be next in its rooms, and yet other nodes have appended to other rooms before it.
        """
        if self._is_in_doubt:
            self.ring()
            return
        first, last = events[0].position, _place_of(events[-1])
        is_erasure = any(recorded.event.type == Erased.type for recorded in events)
        if first == self.position + 1:
            self._move(last)
            if is_erasure:
                self.has_read_erasure.set()
        elif first > self.position and self._are_next(events):
            self._ahead.append((first, last))
            self.wake()
            if is_erasure:  # whoever erases waits until all before it was read
                self.ring()
        else:
            self.ring()
            return
        self._served.dispatch(events)

    def _are_next(self, events: Sequence[Recorded]) -> bool:
        firsts = {recorded.room: recorded for recorded in reversed(events)}
        return all(self._served.is_next(recorded) for recorded in firsts.values())

    async def moved(self, *, since: int, within: float) -> None:
        """Wait until ``moves`` is no longer ``since``, at most ``within`` seconds."""
        if self.moves != since:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._moved.wait()

    def wake(self) -> None:
        """Wake everybody who waits for the log to grow."""
        self.moves += 1
        self._moved.set()
        self._moved = asyncio.Event()

    def _move(self, place: Place) -> None:
        """Move to a place, and past this node's own batches that are next then."""
        self._place = place
        while self._ahead and self._ahead[0][0] <= self.position + 1:
            _, end = self._ahead.popleft()
            if end.position > self.position:
                self._place = end
        self.wake()

    async def run(self) -> None:
        """Read events from elsewhere, until cancelled; called again, it continues."""
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._bell.wait()
            self._bell.clear()
            began = loop.time()
            try:
                await self._catch_up()
            except Exception:
                self.ring()  # what was rung for is still to be read
                self._noted(False)
                raise
            self._noted(True)
            await asyncio.sleep(began + _PAUSE_SECONDS - loop.time())

    async def _catch_up(self) -> None:
        while await self._read_page():
            pass

    async def _read_page(self) -> bool:
        """Read and dispatch the next page; return whether there may be more to read now."""
        after = self._place
        async with self._database.read() as connection:
            page = await page_after(
                connection,
                after,
                limit=_PAGE,
                wants=self._wants(),
                at_once=self._wants_most,
                seen=[end for _, end in self._ahead],
            )
            # Before the transaction ends, which is one more round trip.
            async with self._turn:
                # A commit of this node that was in progress has now been answered and dispatched.
                if page is not None:
                    self._is_in_doubt = False
                    self._take(page)
        if page is None:
            async with self._turn:
                await self._start_again()
            return False
        return page.is_full

    def _take(self, page: Page) -> None:
        events = [event for event in page.events if event.position > self.position]
        if page.end.position > self.position:
            self._move(page.end)
        if events:
            self._served.dispatch(events)
        if page.passed:
            self._wants_most = 2 * len(page.events) >= page.passed
        if Erased.type in page.types:
            self.has_read_erasure.set()

    def _wants(self) -> Wants:
        """Return whether an event is to be read: its room is served, and it was not dispatched."""
        known = {at for first, last in self._ahead for at in range(first, last.position + 1)}
        wants = self._served.wants
        return lambda position, room, type: position not in known and wants(room, type)

    async def _start_again(self) -> None:
        """Go on from the log's present end: it is not the log that this node has read."""
        self._ahead.clear()
        await self.start()
        self._is_in_doubt = False
        self._diverged()
        self.wake()


def _place_of(recorded: Recorded) -> Place:
    return Place(recorded.position, recorded.hash)
