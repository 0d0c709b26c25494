"""Pages of a room's events, by seq, read from one snapshot.

A page is bounded by its number of events and by their size, which the caller measures. It
reports the range that it covers and whether more events lie beyond, so paging on from its ends
never skips or repeats an event, whatever is appended meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.errors import Refused
from chatlog.eventlog import read
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import EVENT_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The events asked for: at most one of the three anchors; none means the newest."""

    room: str
    before: int | None = None
    after: int | None = None
    around: int | None = None
    limit: int = 50
    types: Sequence[str] | None = None


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
    request: PageRequest,
    *,
    max_bytes: int,
    size: Callable[[Recorded], int],
) -> Page:
    """Return a page of at most ``request.limit`` events and ``max_bytes``, at least one event.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """
    number = await read.room_number(connection, request.room)
    if number is None:
        raise Refused("room_unknown", "There is no room of this name.")
    head = await read.room_head(connection, number)
    return await _Pager(connection, number, head, request, max_bytes, size).page()


class _Pager:
    """One request against one snapshot of a room."""

    def __init__(
        self,
        connection: AsyncConnection,
        room: int,
        head: int,
        request: PageRequest,
        max_bytes: int,
        size: Callable[[Recorded], int],
    ) -> None:
        self._connection = connection
        self._room = room
        self._head = head
        self._request = request
        self._max_bytes = max_bytes
        self._size = size
        self._types = EVENT_TYPES if request.types is None else tuple(set(request.types))

    async def page(self) -> Page:
        request = self._request
        if request.after is not None:
            return await self._after(request.after)
        if request.around is not None:
            return await self._around(request.around)
        before = self._head + 1 if request.before is None else request.before
        return await self._before(min(before, self._head + 1))

    async def _read(self, first: int, last: int, limit: int, *, newest: bool) -> list[Recorded]:
        if first > last or limit < 1 or not self._types:
            return []
        return await read.read_room(
            self._connection,
            self._room,
            first,
            last,
            limit=limit,
            types=self._types,
            newest=newest,
        )

    async def _after(self, after: int) -> Page:
        events = await self._read(after + 1, self._head, self._request.limit, newest=False)
        kept = self._fit(events)
        cut = len(kept) < len(events) or len(events) == self._request.limit
        last = kept[-1].seq if cut else self._head
        return await self._made(kept, after + 1, last)

    async def _before(self, before: int) -> Page:
        events = await self._read(1, before - 1, self._request.limit, newest=True)
        kept = self._fit(events[::-1])[::-1]
        cut = len(kept) < len(events) or len(events) == self._request.limit
        first = kept[0].seq if cut else 1
        return await self._made(kept, first, before - 1)

    async def _around(self, around: int) -> Page:
        """Read half the page up to ``around`` and half after it; a short side yields space."""
        limit, around = self._request.limit, min(around, self._head)
        newer = await self._read(around + 1, self._head, limit // 2, newest=False)
        older = await self._read(1, around, limit - len(newer), newest=True)
        if len(older) + len(newer) < limit:
            newer = await self._read(around + 1, self._head, limit - len(older), newest=False)
        kept = self._fit_around(older + newer, around)
        if not kept:
            return await self._made([], 1, self._head)
        page = await self._made(kept, kept[0].seq, kept[-1].seq)
        first = page.first if page.more_before else 1
        last = page.last if page.more_after else self._head
        return Page(kept, first, last, page.more_before, page.more_after)

    async def _made(self, events: list[Recorded], first: int, last: int) -> Page:
        if first > last:
            more_before = await self._any(1, min(first - 1, self._head))
            return Page([], None, None, more_before, await self._any(first, self._head))
        more_before = await self._any(1, first - 1)
        return Page(events, first, last, more_before, await self._any(last + 1, self._head))

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
