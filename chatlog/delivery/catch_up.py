"""Catching up: one task for each member that is behind, at that member's own speed.

The task reads from the room's recent frames or, further back, from the log, by pages that it shares
with others, and writes only while the socket accepts data; a socket without progress for
``slow_seconds`` is closed with 4408 and can resume exactly.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from chatlog.delivery.feed import Feed, Member
from chatlog.delivery.outlet import drained

# As in ``wire.frames``, which this layer does not import.
GOING_AWAY = 1001
TOO_SLOW = 4408
_RETRY_SECONDS = 0.5
_CLOSE_REASON_BYTES = 123  # RFC 6455, section 5.5: a control frame holds 125 with the code


class CatchUp:
    """Starts and owns the tasks that catch members up."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        *,
        mark: int,
        slow_seconds: float,
        failed: Callable[[Exception], None],
    ) -> None:
        """Report failures to ``failed``; a failure affects only the member it happens to."""
        self._tasks = tasks
        self._mark = mark
        self._slow_seconds = slow_seconds
        self._failed = failed

    def start(self, feed: Feed, member: Member) -> None:
        """Start a task that brings a member of ``feed.lagging`` to the head or disconnects it."""
        self._tasks.create_task(self._run(feed, member), name=f"catch up {member.session}")

    async def _run(self, feed: Feed, member: Member) -> None:
        try:
            await self._follow(feed, member)
        except Exception as error:  # noqa: BLE001 - it must not end the node: one comes back
            self._failed(error)
            feed.drop(member.session)
            member.outlet.let_go(GOING_AWAY)

    async def _follow(self, feed: Feed, member: Member) -> None:
        while not member.gone and member.outlet.is_open:
            # Half the limit, so that a reader at the limit does not keep changing state.
            if not await drained(member.outlet, self._mark // 2, self._slow_seconds):
                self._let_go(feed, member)
                return
            if feed.advance(member):
                return
            if member.cursor + 1 < feed.recent.first:
                await self._from_log(feed, member)
                await asyncio.sleep(0)  # a page may come from memory: others have their turn
        feed.drop(member.session)

    async def _from_log(self, feed: Feed, member: Member) -> None:
        try:
            page = await feed.pages.page(member.cursor + 1, member.read)
        except Exception as error:  # noqa: BLE001 - the database is away: the reader waits for it
            self._failed(error)
            await asyncio.sleep(_RETRY_SECONDS)
            return
        while member.cursor < page.last and not member.gone:
            # Below it if the log is ahead of what was dispatched, or this was the end.
            stop = feed.stop_before_notice(member, page.last)
            if stop <= member.cursor or member.outlet.waiting() > self._mark:
                return
            buffer, last = page.since(member.cursor + 1, stop, self._mark)
            feed.write(member, buffer, last)

    def _let_go(self, feed: Feed, member: Member) -> None:
        feed.let_go(member)
        reason = json.dumps({"room": feed.room, "after": member.cursor}, ensure_ascii=False)
        raw = reason.encode()
        member.outlet.let_go(TOO_SLOW, raw if len(raw) <= _CLOSE_REASON_BYTES else b"")
