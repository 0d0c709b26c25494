"""People who talk without pause, resume where they were cut, and send again what they must."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field

from .client import Client
from .clients import Clients
from .frames import Frame

ROOM = "general"
WINDOW = 6
RETRY_SECONDS = 0.1


@dataclass(slots=True)
class Load:
    """Counts acknowledgements, so that a kill comes after a certain number of them."""

    acknowledged: int = 0
    enough: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self) -> None:
        self.acknowledged += 1
        if self.acknowledged >= self.enough:
            self.reached.set()

    async def wait_for(self, further: int) -> None:
        self.enough = self.acknowledged + further
        self.reached.clear()
        async with asyncio.timeout(30):
            await self.reached.wait()


@dataclass(slots=True)
class Talker:
    """A person whose client survives the server: it resumes, and sends again what it must."""

    name: str
    clients: Clients
    load: Load
    client: Client | None = None
    unanswered: dict[str, str] = field(default_factory=dict)

    async def come_back(self) -> None:
        last = self.client.last.get(ROOM) if self.client else None
        self.client = await self.clients.connect(self.name)
        if last is None:
            await self.client.join(ROOM, after=0)
        else:
            await self.client.resume(ROOM, last)
        await self.say(self.unanswered)

    async def say(self, chats: dict[str, str]) -> None:
        """Send chats without waiting between them, then wait for their answers."""
        assert self.client is not None
        self.unanswered |= chats
        submit = self.client.submit
        answers = [
            await submit("chat", room=ROOM, id=id_, message=text) for id_, text in chats.items()
        ]
        for answer in answers:
            self._answered(await answer)

    def _answered(self, frame: Frame) -> None:
        assert frame.type == "ack", frame.raw
        del self.unanswered[frame.data["id"]]
        self.load.count()

    async def talk(self) -> None:
        """Talk until the server is gone."""
        try:
            for turn in range(1_000_000):
                ids = [str(uuid.uuid4()) for _ in range(WINDOW)]
                await self.say(dict.fromkeys(ids, f"turn {turn} of {self.name}"))
        except ConnectionError:
            pass


@dataclass(slots=True)
class Stubborn(Talker):
    """Talks on while the server cannot write: whatever is refused or unknown is sent again."""

    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def _answered(self, frame: Frame) -> None:
        if frame.type != "error":
            Talker._answered(self, frame)
            return
        assert frame.data["code"] in ("unavailable", "outcome_unknown"), frame.raw

    async def come_back(self) -> None:
        """Connect and resume; if the room cannot be joined yet, close the connection."""
        last = self.client.last.get(ROOM) if self.client else None
        after = {"after": 0} if last is None else {"after": last.seq, "hash": last.data["hash"]}
        client = await self.clients.connect(self.name)
        joined = await client.ask("join", room=ROOM, username=self.name, **after)
        if joined.type == "caught_up":
            self.client = client
            return
        assert joined.data["code"] in ("unavailable", "outcome_unknown"), joined.raw
        await client.close()

    async def talk(self) -> None:
        """Talk until it is enough and everything said is acknowledged."""
        while self.unanswered or not self.enough.is_set():
            with contextlib.suppress(ConnectionError):
                await self._turn()
            if self.unanswered:
                await asyncio.sleep(RETRY_SECONDS)

    async def _turn(self) -> None:
        if self.client is None or self.client.connection.closed is not None:
            await self.come_back()
        elif self.unanswered:
            await self.say(dict(self.unanswered))
        else:
            ids = [str(uuid.uuid4()) for _ in range(WINDOW)]
            await self.say(dict.fromkeys(ids, f"a word of {self.name}"))
