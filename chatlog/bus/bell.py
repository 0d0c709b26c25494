"""The bell of a node: tells the others of its commits, and hears of theirs.

What is told while a text is being sent goes with the next one: at most one in five milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from chatlog.bus.message import Message, digest, read, written
from chatlog.databases.bell import Transport
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import RIGHTS_TYPES

PAUSE_SECONDS: Final = 0.005
"""From one text to the next. PostgreSQL wakes every node for each."""
_FOR_EVERYBODY: Final = {*RIGHTS_TYPES, Erased.type}
"""Types whose bell names no rooms, so that every node reads them: a node in open mode must stop at
an event about rights, and an erasure waits until every node has read it."""


class Bell:
    """Rings over ``transport`` for the node of this number."""

    def __init__(self, transport: Transport, node: Callable[[], int]) -> None:
        self.heard = self.told = 0
        self.is_up = False
        self._transport = transport
        self._node = node
        self._end = 0
        self._rooms: set[str] | None = set()
        self._due = asyncio.Event()
        self._sending = asyncio.Lock()

    def tell(self, events: Collection[Recorded]) -> None:
        """Let the other nodes know, soon, of events that this one has committed."""
        for recorded in events:
            self._end = max(self._end, recorded.position)
            if recorded.event.type in _FOR_EVERYBODY:
                self._rooms = None
            elif self._rooms is not None:
                self._rooms.add(recorded.room)
        self._due.set()

    async def send(self) -> None:
        """Send what ``tell`` was told, until cancelled; a text that fails is not repeated."""
        while True:
            await self._due.wait()
            await self.flush()
            await asyncio.sleep(PAUSE_SECONDS)

    async def flush(self) -> None:
        """Send at once what is to be sent; return once it, and what was on its way, is sent.

        Raises:
            Exception: the transport's own.
        """
        async with self._sending:
            if not self._due.is_set():
                return
            self._due.clear()
            rooms, self._rooms = self._rooms, set()
            digests = None if rooms is None else frozenset(map(digest, rooms))
            message = Message(self._node(), self._end, digests)
            await self._transport.send(written(message, max_bytes=self._transport.max_bytes))
            self.told += 1

    async def listen(
        self,
        ring: Callable[[], None],
        wake: Callable[[], None],
        has_any: HasAny,
        position: Callable[[], int] = lambda: 0,
    ) -> None:
        """Hear the other nodes, until cancelled.

        Calls ``ring`` if there may be events to read: in a room of which ``has_any`` says so, or
        after a time in which nothing was heard. Calls ``wake`` for events of other rooms. Calls
        neither for events up to the ``position`` that this node has read.
        """

        def heard(text: str) -> None:
            message = read(text)
            if message is not None and message.node == self._node():
                return
            self.heard += 1
            if message is not None and message.end <= position():
                return
            if message is None or message.rooms is None or has_any(message.rooms):
                ring()
            else:
                wake()

        def is_up(yes: bool) -> None:
            self.is_up = yes
            if yes:
                ring()

        await self._transport.listen(heard, is_up)

    async def close(self) -> None:
        """Close the connection that sends."""
        await self._transport.close()


HasAny = Callable[[Collection[str]], bool]
"""Returns whether this node serves a room with one of these digests."""
