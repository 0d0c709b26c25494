"""Deliver webhooks: the node that holds one follows the log and lets each room's lane know.

A webhook is held by one node, as its row says. When that node ends, or its lease runs out, the
next node that looks takes the webhook over. Every write of a delivery checks under the log's lock
that the node's lease and its hold still stand.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from chatlog.databases.database import Database
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.tail import Tail
from chatlog.webhooks.lane import Held, Lane, Means
from chatlog.webhooks.store import progress, webhooks
from chatlog.webhooks.store.progress import Seen
from chatlog.webhooks.store.webhooks import Webhook

_STORE_AFTER: Final = 10_000
"""Positions after which it is stored how far the log was looked through, for the next node."""


class Deliverer:
    """Delivers the webhooks that this node holds; ``node`` returns its number.

    Lanes run in ``group``, and ``means`` is what they need.
    """

    def __init__(
        self,
        database: Database,
        committer: Committer,
        tail: Tail,
        group: asyncio.TaskGroup,
        means: Means,
        node: Callable[[], int],
        *,
        poll_seconds: float,
        max_requests: int,
    ) -> None:
        self._database = database
        self._committer = committer
        self._tail = tail
        self._group = group
        self._means = means
        self._node = node
        self._poll_seconds = poll_seconds
        self._max_requests = max_requests
        self._held: dict[int, Held] = {}
        self._tasks: dict[Lane, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    @property
    def count(self) -> int:
        """The number of webhooks that this node delivers."""
        return len(self._held)

    @property
    def attempts(self) -> Mapping[str, int]:
        """The attempts to deliver, by what came of them: ``2xx`` to ``5xx`` or ``no answer``."""
        return self._means.attempts

    def look(self) -> None:
        """Look at the webhooks at once: one was added or changed here."""
        self._changed.set()
        self._tail.wake()

    def begin_again(self) -> None:
        """Begin with what is stored: the log has lost events that were looked through."""
        for held in self._held.values():
            held.is_over = True
        self.look()

    async def recall(self) -> None:
        """Recall what is being sent and was erased meanwhile; see ``Lane.recall``."""
        lanes = [lane for held in self._held.values() for lane in held.lanes.values()]
        await asyncio.gather(*(lane.recall() for lane in lanes))

    async def run(self) -> None:
        """Deliver, until cancelled; called again after a failure, it begins with what is stored."""
        try:
            while True:
                self._changed.clear()
                await self._look()
                await self._follow()
        finally:
            for held in self._held.values():
                self._let_go(held)
            self._held.clear()

    async def _look(self) -> None:
        """Hold what no other node holds, and take note of what was changed."""
        found = await self._found()
        if any(webhook.is_free for webhook in found):
            await self._committer.alone(webhooks.take_over(self._node()))
            found = await self._found()
        mine = {h.number: h for h in found if h.node == self._node() and not h.is_disabled}
        for number, held in tuple(self._held.items()):
            is_same = number in mine and mine[number].id == held.webhook.id
            if held.is_over or held.node != self._node() or not is_same:
                self._let_go(self._held.pop(number))
        for webhook in mine.values():
            if webhook.number not in self._held:
                await self._hold(webhook)
            elif webhook.revision != self._held[webhook.number].webhook.revision:
                await self._take_note(self._held[webhook.number], webhook)

    async def _found(self) -> list[Webhook]:
        async with self._database.read() as connection:
            return await webhooks.all_webhooks(connection)

    async def _hold(self, webhook: Webhook) -> None:
        async with self._database.read() as connection:
            begun = await progress.rooms_begun(connection, webhook.number)
        held = Held(webhook, self._node(), begun, self._max_requests)
        await self._deliver_what_is_behind(held)
        self._held[webhook.number] = held

    async def _take_note(self, held: Held, webhook: Webhook) -> None:
        held.webhook = webhook
        for lane in tuple(held.lanes.values()):
            lane.retry()
        await self._deliver_what_is_behind(held)

    async def _deliver_what_is_behind(self, held: Held) -> None:
        async with self._database.read() as connection:
            behind = await progress.rooms_behind(connection, held.webhook.number)
        for room in behind:
            self._ring(held, room)

    def _let_go(self, held: Held) -> None:
        held.is_over = True
        for lane in tuple(held.lanes.values()):
            if (task := self._tasks.get(lane)) is not None:
                task.cancel()

    def _ring(self, held: Held, room: int) -> None:
        if (lane := held.lanes.get(room)) is not None:
            lane.ring()
            return
        lane = held.lanes[room] = Lane(held, room, self._means)
        task = self._group.create_task(lane.run(), name="webhook delivery")
        self._tasks[lane] = task
        task.add_done_callback(lambda _: self._tasks.pop(lane, None))

    async def _follow(self) -> None:
        """Look through what the log has got, until it is time to look at the webhooks again."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._poll_seconds
        while (left := ends - loop.time()) > 0 and not self._changed.is_set():
            moves = self._tail.moves
            if not self._held:  # a server without webhooks reads nothing for them
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._changed.wait()
            elif not await self._look_through():
                await self._tail.moved(since=moves, within=left)

    async def _look_through(self) -> bool:
        """Look at the next events, and ring their lanes; return whether there were any."""
        position = min(held.position for held in self._held.values())
        async with self._database.read() as connection:
            seen = await progress.seen_after(connection, position)
        for held in self._held.values():
            await self._look_for(held, [one for one in seen if one.position > held.position])
            held.position = max([held.position, *(one.position for one in seen[-1:])])
        return bool(seen)

    async def _look_for(self, held: Held, seen: list[Seen]) -> None:
        wanted = [one for one in seen if held.webhook.wants(one.room, one.type)]
        first: dict[int, Seen] = {}
        for one in wanted:
            if one.number not in held.begun:
                first.setdefault(one.number, one)
        if seen and (first or seen[-1].position - held.stored_position >= _STORE_AFTER):
            reached = seen[-1].position
            change = progress.began(held.webhook.number, held.node, first.values(), reached)
            await self._means.ledger.write(change)
            held.begun.update(first)
            held.stored_position = reached
        for one in wanted:
            self._ring(held, one.number)
