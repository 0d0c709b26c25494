"""A node inside the test's own process, and clients of it without sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from chatlog.chat.connection import Connection
from chatlog.databases.opening import open_for_writing
from chatlog.runtime import Runtime, running
from chatlog.settings import Settings
from tests.support.outlets import FakeOutlet


@asynccontextmanager
async def node_on(url: str, *, has_people: bool = False, **settings: Any) -> AsyncIterator[Runtime]:
    """Run a node on a database; ``poll_seconds`` is long, so that nothing is left to polling.

    One that ``has_people`` is in token mode.
    """
    chosen = {"poll_seconds": 30.0, "max_commit_delay_ms": 0.0, **settings}
    node = running(Settings(database=url, **chosen), has_hook=has_people)
    async with asyncio.timeout(60), node as runtime:
        yield runtime


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


async def migrated(url: str) -> None:
    """Bring a database to the newest revision."""
    async with open_for_writing(url):
        pass


class LocalClient:
    """A client of a node in this process, without a socket, and what came out of it."""

    def __init__(self, node: Runtime, *, keeps_up: bool = True) -> None:
        self.outlet = FakeOutlet(keeps_up=keeps_up)
        self.connection = Connection(node, self.outlet)
        self._taken = 0

    async def send(self, type: str, **fields: Any) -> None:
        """Send a command; come back when the next one may be sent."""
        await self.say(json.dumps({"type": type, **fields}).encode())

    async def say(self, text: bytes) -> None:
        await self.connection.handle(text)

    def frames(self) -> list[dict[str, Any]]:
        """Return every frame so far."""
        return [json.loads(text) for text in texts_of(bytes(self.outlet.got))]

    def new(self) -> list[dict[str, Any]]:
        """Return the frames since the last call."""
        frames = self.frames()
        taken, self._taken = self._taken, len(frames)
        return frames[taken:]

    async def until(self, type: str, **fields: Any) -> dict[str, Any]:
        """Wait for a frame of this type and these fields among those not yet taken."""
        wanted = {"type": type, **fields}.items()
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [f for f in self.frames()[self._taken :] if wanted <= _flat(f)]
            return bool(found)

        await until(look)
        return found[0]

    async def join(self, room: str, username: str = "ada", **fields: Any) -> dict[str, Any]:
        """Join a room and return its ``caught_up``; no frame before it counts as new."""
        await self.send("join", room=room, username=username, **fields)
        caught_up = await self.until("caught_up", room=room)
        self.new()
        return caught_up

    async def refusal(self, type: str, **fields: Any) -> str:
        """Send a command and return the code of the error that answers it."""
        self.new()
        await self.send(type, id="refused", **fields)
        return str((await self.until("error", id="refused"))["code"])


def _flat(frame: dict[str, Any]) -> Any:
    return {key: value for key, value in frame.items() if not isinstance(value, list)}.items()


def texts_of(raw: bytes) -> list[bytes]:
    """Return the texts of unmasked whole text frames."""
    texts = []
    while raw:
        assert raw[0] == 0x81
        size, start = raw[1], 2
        if size == 126:
            size, start = int.from_bytes(raw[2:4]), 4
        elif size == 127:
            size, start = int.from_bytes(raw[2:10]), 10
        texts.append(raw[start : start + size])
        assert len(texts[-1]) == size
        raw = raw[start + size :]
    return texts
