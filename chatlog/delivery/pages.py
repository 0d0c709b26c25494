"""Pages of a room's log for the members who are behind: read once, whoever asks.

After a restart a thousand members may resume in the same room, and all of them need the same
pages. The first one who needs a page reads it with their own right to do so; whoever needs it
meanwhile waits for that reading, and later ones find the page in memory.

Promises: all pages of a server together have at most ``PageBudget.max_bytes`` of frames, whoever
is behind; ``page`` returns nothing that was read before the last ``clear``, which follows each
erasure.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from itertools import accumulate
from typing import Final

PAGE_EVENTS: Final = 100
"""Events of a page: the first one has the seqs 1 to 100. 27 KiB of chats with 100 characters."""

ReadFrames = Callable[[int, int], Awaitable[list[bytes]]]
"""Reads the frames of a room's seqs, from the first to the last given, as far as they exist.

Every member of the room may see them: they are shared.
"""


class Page:
    """The frames of the seqs ``first`` to ``last``, in one buffer."""

    __slots__ = ("_ends", "buffer", "first", "last")

    def __init__(self, first: int, frames: Iterable[bytes]) -> None:
        kept = list(frames)
        self.first = first
        self.last = first + len(kept) - 1
        self.buffer = b"".join(kept)
        self._ends = array("Q", accumulate(map(len, kept), initial=0))

    def since(self, seq: int, last: int, max_bytes: int) -> tuple[bytes, int]:
        """Return the frames from ``seq`` to at most ``last``, and the last seq among them.

        Returns as many as fit in ``max_bytes``, at least one. The page has both seqs.
        """
        ends, index = self._ends, seq - self.first
        start = ends[index]
        fitting = bisect_right(ends, start + max_bytes, index + 1, last - self.first + 2) - 1
        stop = max(fitting, index + 1)
        return self.buffer[start : ends[stop]], self.first + stop - 1


class PageBudget:
    """The bytes of the pages that all rooms of a server keep; the least recently used go first."""

    __slots__ = ("_in_turn", "max_bytes", "used")

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used = 0
        self._in_turn: OrderedDict[Page, dict[int, Page]] = OrderedDict()

    def add(self, page: Page, owner: dict[int, Page]) -> None:
        """Keep a page among its room's, unless it is larger than the budget."""
        owner[page.first] = page
        self._in_turn[page] = owner
        self.used += len(page.buffer)
        while self.used > self.max_bytes:
            self.drop(next(iter(self._in_turn)))

    def use(self, page: Page) -> None:
        """Record that a page was used last."""
        self._in_turn.move_to_end(page)

    def drop(self, page: Page) -> None:
        """Keep a page no longer."""
        owner = self._in_turn.pop(page)
        del owner[page.first]
        self.used -= len(page.buffer)


class Pages:
    """The pages of one room."""

    __slots__ = ("_budget", "_kept", "_reading")

    def __init__(self, budget: PageBudget) -> None:
        self._budget = budget
        self._kept: dict[int, Page] = {}
        self._reading: dict[int, asyncio.Future[Page | None]] = {}

    def clear(self) -> None:
        """Forget every page, because its content has changed in the log.

        What is being read is read again.
        """
        self._reading = {}
        for page in tuple(self._kept.values()):
            self._budget.drop(page)

    def close(self) -> None:
        """Forget every page and keep none any more: the room is not served here."""
        self.clear()
        self._budget = PageBudget(0)

    async def page(self, seq: int, read: ReadFrames) -> Page:
        """Return the page of a seq, which may end before it if the log does.

        Raises:
            Whatever ``read`` raises, to everybody who waits for it.
        """
        first = seq - (seq - 1) % PAGE_EVENTS
        while (page := self._kept.get(first)) is None or page.last < seq:
            readings = self._reading
            if (reading := readings.get(first)) is None:
                found = await self._read(first, read)
            elif (waited_for := await asyncio.shield(reading)) is None or waited_for.last < seq:
                continue  # nobody has read it; or the room has grown since they began to
            else:
                found = waited_for
            if self._reading is readings:
                return found
        self._budget.use(page)
        return page

    async def _read(self, first: int, read: ReadFrames) -> Page:
        """Read a page for all who wait for it, and keep it."""
        readings = self._reading
        reading = readings[first] = asyncio.get_running_loop().create_future()
        try:
            page = Page(first, await read(first, first + PAGE_EVENTS - 1))
        except Exception as error:
            reading.set_exception(error)
            reading.exception()  # nobody else may be waiting for it
            raise
        else:
            reading.set_result(page)
        finally:
            del readings[first]
            if not reading.done():  # its reader was cancelled: one of those who wait reads
                reading.set_result(None)
        if self._reading is readings:
            self._keep(page)
        return page

    def _keep(self, page: Page) -> None:
        if (outdated := self._kept.get(page.first)) is not None:  # it was the room's last page
            self._budget.drop(outdated)
        self._budget.add(page, self._kept)
