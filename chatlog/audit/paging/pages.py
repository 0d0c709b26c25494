"""Pages of a room's events, by seq, read from one snapshot.

A page is bounded by its number of events and by their size, which the caller measures. It
reports the range that it covers and whether more events lie beyond, so paging on from its ends
never skips or repeats an event, whatever is appended meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.paging.selection import Selection
from chatlog.eventlog import read
from chatlog.kinds.event import Recorded


@dataclass(frozen=True, slots=True)
class Page:
    """Events in seq order; ``first`` and ``last`` are the ends of the range covered."""

    events: list[Recorded]
    first: int | None
    last: int | None
    more_before: bool
    more_after: bool


async def read_page(
    connection: AsyncConnection,
    selection: Selection,
    *,
    max_bytes: int,
    size: Callable[[Recorded], int],
) -> Page:
    """Return a page of at most ``selection.limit`` events and ``max_bytes``, at least one event.

    The snapshot must be the one in which the selection was made.
    """
    return await _Pager(connection, selection, max_bytes, size).page()


class _Pager:
    """One selection in its snapshot of the room."""

    def __init__(
        self,
        connection: AsyncConnection,
        selection: Selection,
        max_bytes: int,
        size: Callable[[Recorded], int],
    ) -> None:
        self._connection = connection
        self._selection = selection
        self._max_bytes = max_bytes
        self._size = size

    async def page(self) -> Page:
        selection = self._selection
        if selection.around is not None:
            return await self._around(selection.around)
        return await (self._newest() if selection.newest else self._oldest())

    async def _read(self, first: int, last: int, limit: int, *, newest: bool) -> list[Recorded]:
        selection = self._selection
        if first > last or limit < 1 or not selection.types:
            return []
        return await read.read_room(
            self._connection,
            selection.room,
            first,
            last,
            limit=limit,
            types=selection.types,
            users=selection.users,
            newest=newest,
        )

    async def _oldest(self) -> Page:
        first, last, limit = self._bounds()
        events = await self._read(first, last, limit, newest=False)
        kept = self._fit(events)
        cut = len(kept) < len(events) or len(events) == limit
        return await self._made(kept, first, kept[-1].seq if cut else last)

    async def _newest(self) -> Page:
        first, last, limit = self._bounds()
        events = await self._read(first, last, limit, newest=True)
        kept = self._fit(events[::-1])[::-1]
        cut = len(kept) < len(events) or len(events) == limit
        return await self._made(kept, kept[0].seq if cut else first, last)

    def _bounds(self) -> tuple[int, int, int]:
        return self._selection.first, self._selection.last, self._selection.limit

    async def _around(self, around: int) -> Page:
        """Read half the page up to ``around`` and half after it; a short side yields space."""
        low, high, limit = self._bounds()
        newer = await self._read(around + 1, high, limit // 2, newest=False)
        older = await self._read(low, around, limit - len(newer), newest=True)
        if len(older) + len(newer) < limit:
            newer = await self._read(around + 1, high, limit - len(older), newest=False)
        kept = self._fit_around(older + newer, around)
        if not kept:
            return await self._made([], low, high)
        page = await self._made(kept, kept[0].seq, kept[-1].seq)
        first = page.first if page.more_before else low
        last = page.last if page.more_after else high
        return Page(kept, first, last, page.more_before, page.more_after)

    async def _made(self, events: list[Recorded], first: int, last: int) -> Page:
        lowest, head = self._selection.lowest, self._selection.head
        if first > last:
            more_before = await self._any(lowest, min(first - 1, head))
            return Page([], None, None, more_before, await self._any(first, head))
        more_before = await self._any(lowest, first - 1)
        return Page(events, first, last, more_before, await self._any(last + 1, head))

    async def _any(self, first: int, last: int) -> bool:
        return bool(await self._read(first, last, 1, newest=False))

    def _fit(self, events: list[Recorded]) -> list[Recorded]:
        """Keep as many events from the start as fit in a page, at least one."""
        size = 0
        for count, event in enumerate(events):
            size += self._size(event)
            if count and size > self._max_bytes:
                return events[:count]
        return events

    def _fit_around(self, events: list[Recorded], around: int) -> list[Recorded]:
        """Keep the events nearest to ``around`` that fit in a page, at least one."""
        newer = next((i for i, event in enumerate(events) if event.seq > around), len(events))
        first = last = newer  # the slice that is kept
        size = 0
        while first > 0 or last < len(events):
            take_older = first > 0 and (newer - first <= last - newer or last == len(events))
            size += self._size(events[first - 1] if take_older else events[last])
            if first < last and size > self._max_bytes:
                break
            first, last = (first - 1, last) if take_older else (first, last + 1)
        return events[first:last]
