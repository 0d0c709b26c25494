"""People who talk without pause, resume where they were cut, and send again what they must.

A ``Talker`` resumes after the last event it saw, by seq and hash, and sends again, under the
same id, what was never answered. A ``Load`` counts acknowledgements, so that harm comes in the
midst of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .client import Client
from .clients import Address, Clients
from .frames import Frame

ROOM = "general"
WINDOW = 6
RETRY_SECONDS = 0.1
TRANSIENT = frozenset({"unavailable", "outcome_unknown", "overloaded", "not_joined"})
"""Codes after which a client sends again, here or elsewhere: a server without its database or its
lease answers so."""


@dataclass(slots=True)
class Load:
    """Counts acknowledgements, by the server's port."""

    acknowledged: Counter[int] = field(default_factory=Counter)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, server: Address) -> None:
        self.acknowledged[server.port] += 1
        self._moved.set()

    async def wait_for(self, further: int, *, within: float = 30.0) -> None:
        """Wait until so many more were acknowledged."""
        enough = self.acknowledged.total() + further
        async with asyncio.timeout(within):
            while self.acknowledged.total() < enough:
                await self._next()

    async def wait_for_each(self, servers: Sequence[Address], further: int, within: float) -> None:
        """Wait until each of these servers has acknowledged so many more."""
        before = Counter(self.acknowledged)
        async with asyncio.timeout(within):
            while any(self.acknowledged[s.port] - before[s.port] < further for s in servers):
                await self._next()

    async def _next(self) -> None:
        self._moved.clear()
        await self._moved.wait()


@dataclass(slots=True)
class Talker:
    """A person whose client survives the server.

    Answers whose code is ``transient`` leave a chat unanswered; another error fails the test.
    """

    name: str
    clients: Clients
    load: Load
    room: str = ROOM
    transient: frozenset[str] = frozenset()
    server: Address | None = None
    client: Client | None = None
    last: Frame | None = None
    unanswered: dict[str, str] = field(default_factory=dict)

    async def come_back(self, server: Address | None = None) -> None:
        """Connect to a server, the clients' own by default, and go on from what was seen."""
        self.last = self.seen()
        self.server = server or self.clients.server
        self.client = await self.clients.connect(self.name, server=self.server)
        await self._enter(self.client)
        await self.say(self.unanswered)

    def seen(self) -> Frame | None:
        """Return the last event of the room that any of its connections got."""
        return self.client.last.get(self.room, self.last) if self.client else self.last

    async def _enter(self, client: Client) -> None:
        since = {"after": 0} if self.last is None else _after(self.last)
        frame = await client.ask("join", room=self.room, username=self.name, **since)
        if frame.data.get("code") in self.transient:
            await client.close()
            raise ConnectionError(f"{self.name} was not let in: {frame.raw}")
        assert frame.type == "caught_up", frame.raw

    async def say(self, chats: dict[str, str]) -> None:
        """Send chats without waiting between them, then wait for their answers."""
        assert self.client is not None
        self.unanswered |= chats
        submit = self.client.submit
        answers = [
            await submit("chat", room=self.room, id=id_, message=text)
            for id_, text in chats.items()
        ]
        for answer in answers:
            self._answered(await answer)

    def _answered(self, frame: Frame) -> None:
        if frame.data.get("code") in self.transient:
            return
        assert frame.type == "ack", frame.raw
        assert self.server is not None
        del self.unanswered[frame.data["id"]]
        self.load.count(self.server)

    async def talk(self) -> None:
        """Talk until the server is gone."""
        try:
            for turn in range(1_000_000):
                await self.say(some_chats(f"turn {turn} of {self.name}"))
        except ConnectionError:
            pass


@dataclass(slots=True)
class Stubborn(Talker):
    """Talks on while the server cannot write: whatever is refused or unknown is sent again."""

    transient: frozenset[str] = frozenset({"unavailable", "outcome_unknown"})
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def talk(self) -> None:
        """Talk until it is enough and everything said is acknowledged."""
        while self.unanswered or not self.enough.is_set():
            with contextlib.suppress(ConnectionError):
                await self._turn()
            if self.unanswered:
                await asyncio.sleep(RETRY_SECONDS)

    async def _turn(self) -> None:
        if self.client is None or not self.client.rooms:
            await self.come_back()
        elif self.unanswered:
            await self.say(dict(self.unanswered))
        else:
            await self.say(some_chats(f"a word of {self.name}"))


def some_chats(text: str, number: int = WINDOW) -> dict[str, str]:
    """Return chats of this text by new ids."""
    return dict.fromkeys([str(uuid.uuid4()) for _ in range(number)], text)


def _after(last: Frame) -> dict[str, object]:
    return {"after": last.seq, "hash": last.data["hash"]}
