"""Memory is bounded a server, not a room: measured from outside, on the real process.

A person in a hundred rooms says more in each than one room may keep, beside readers who keep
up and members who never read. What the process has grown by at most must be explained by the
fixed part (the budget of recent frames is the largest of it) and by who is connected.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.support.clients import Clients
from tests.support.raw import RawClient

from .conftest import Serve

KIB, MIB = 1024, 1024 * 1024
ROOMS, CHATS, CHAT_BYTES = 100, 110, 8_000
READERS, STUCK = 20, 20
FIXED = 48 * MIB
"""16 MiB of recent frames and 16 MiB in line; then caches, a batch, what the allocator keeps."""
KEEPS_UP = 20 * KIB
LAGS = 64 * KIB + 64 * KIB


class Member:
    """A member on a bare socket who counts what comes, and keeps none of it."""

    def __init__(self, client: RawClient) -> None:
        self.client = client
        self.came = asyncio.Event()
        self._awaited = b""
        self._tail = b""

    async def send(self, type: str, **fields: object) -> None:
        await self.client.send_frame(json.dumps({"type": type, **fields}).encode())

    async def join(self, room: str, name: str) -> None:
        self.wait_for('"type":"caught_up"')
        await self.send("join", room=room, username=name, backlog=0)
        await self.came.wait()

    def wait_for(self, text: str) -> None:
        """Have ``came`` set once a frame with this text has come."""
        self._awaited = text.encode()
        self.came.clear()

    async def read(self) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self.client.sock, 256 * KIB):
            self._tail += data
            if self._awaited and self._awaited in self._tail:
                self._awaited = b""
                self.came.set()
            self._tail = self._tail[-KIB:]


async def member(clients: Clients, name: str, **options: Any) -> Member:
    return Member(await clients.connect_bare(name, **options))


async def say_a_lot(speaker: Member) -> None:
    """Say the same in every room; return once the last of it is acknowledged."""
    speaker.wait_for('"id":"the last"')
    for number in range(CHATS):
        for room in range(ROOMS):
            last = (number, room) == (CHATS - 1, ROOMS - 1)
            id = {"id": "the last"} if last else {}
            await speaker.send("chat", room=f"room {room}", message="x" * CHAT_BYTES, **id)
    await speaker.came.wait()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_hundred_rooms_take_no_more_memory_than_their_budget(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--slow-seconds", "240")
    async with Clients(server) as clients, asyncio.timeout(240), asyncio.TaskGroup() as tasks:
        speaker = await member(clients, "speaker")
        reading = [tasks.create_task(speaker.read())]
        for room in range(ROOMS):
            await speaker.join(f"room {room}", "speaker")
        before = server.memory_bytes()
        for number in range(READERS):
            reader = await member(clients, f"reader {number}")
            reading.append(tasks.create_task(reader.read()))
            await reader.join(f"room {number}", f"reader {number}")
        for number in range(STUCK):
            stuck = await member(clients, f"stuck {number}", receive_buffer=4096)
            await stuck.send("join", room=f"room {number}", username=f"stuck {number}", backlog=0)
        await say_a_lot(speaker)
        grown = server.memory_bytes("VmHWM") - before
        for task in reading:
            task.cancel()
    allowed = FIXED + (1 + READERS) * KEEPS_UP + STUCK * LAGS
    assert grown < allowed, f"{grown / MIB:.0f} MiB more; {allowed / MIB:.0f} are allowed"
