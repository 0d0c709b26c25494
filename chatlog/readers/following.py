"""Follow the log beside the node that serves it: what there is, then each event as it comes.

Every room's events, from the log, in its order, without gap or repeat. The node's tail says when
there may be something new, and a lost word of it only delays until the next poll. A page has a
short snapshot of its own; none is open while the follower has an event. While the database cannot
be read, the follower waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from chatlog.audit.log_pages import Wanted
from chatlog.databases.backend import Place
from chatlog.databases.database import is_cancelled
from chatlog.domain.errors import Overloaded, Unavailable
from chatlog.eventlog.tail import Tail
from chatlog.kinds.event import Recorded
from chatlog.readers.whole_log import WholeLog

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """Follows ``log`` with the help of ``tail``, until the node ``is_over``."""

    log: WholeLog
    tail: Tail
    poll_seconds: float
    is_over: Callable[[], bool]

    async def events(self, after: int | None, wanted: Wanted) -> AsyncGenerator[Recorded]:
        """Yield the wanted events after a position, 0 for all; None is the log's present end.

        Raises:
            LogError: if the log ends before the position, or was restored to an earlier state.
        """
        begin = self.log.end if after is None else partial(self.log.place, after)
        place: Place | None = await self._read(begin)
        while place is not None:
            moves = self.tail.moves
            page = await self._read(partial(self.log.page, place, wanted))
            if page is None:
                return
            events, reached = page
            for recorded in events:
                if self.is_over():
                    return
                yield recorded
            if reached == place:
                await self._wait(moves)
            place = reached

    async def _read(self, read: Callable[[], Awaitable[T]]) -> T | None:
        """Return what was read, as soon as the log can be read; None once the node is over."""
        while not self.is_over():
            moves = self.tail.moves
            try:
                return await read()
            except (Overloaded, Unavailable) as error:
                if is_cancelled():  # a driver has made a failure of that
                    raise asyncio.CancelledError from error
                await self._wait(moves)
        return None

    async def _wait(self, moves: int) -> None:
        if not self.is_over():
            await self.tail.moved(since=moves, within=self.poll_seconds)
