"""``kill -9`` between any two steps of a delivery, fifty times: none is lost, none skipped.

The receiver decides when the server dies: as a request arrives, as it is answered, or a few
milliseconds later, while the cursor is written. Sometimes it answers 500, so that tries are cut
too.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.command import chatlog, lines
from tests.support.server import Server

from .receiver import Delivery, Receiver, receiving

KILLS = {"sqlite": 50, "postgresql": 15}  # there each start waits for the lease to run out
ROOMS = ("first", "second", "third")
FLAGS = (
    *("--allow-http-webhooks", "--allow-private-webhooks", "--poll-seconds", "0.2"),
    *("--node", "n1", "--lease-seconds", "3"),
    *(word for _ in range(8) for word in ("--webhook-retry-seconds", "0.05")),
)


class Killer:
    """Kills the server at the next request, or up to 30 ms later."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.server, self.chance = server, chance
        self.is_armed = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.dead = asyncio.Event()

    async def answer(self, _: Delivery) -> int:
        status = 500 if self.chance.random() < 0.15 else 200
        if self.is_armed and self.chance.random() < 0.4:
            self.is_armed = False
            if self.chance.random() < 0.3:
                await self._kill(0)
            else:
                task = asyncio.create_task(self._kill(self.chance.random() * 0.03))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
        return status

    async def _kill(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.server.kill()
        self.dead.set()


class Poster:
    """Posts chats, again under the same key where the server died before it answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.count = 0
        self.pending: list[tuple[str, str]] = []

    def take(self, count: int) -> None:
        for _ in range(count):
            self.count += 1
            self.pending.append((ROOMS[self.count % len(ROOMS)], f"chat {self.count}"))

    async def post(self) -> None:
        async with aiohttp.ClientSession() as http:
            while self.pending:
                room, text = self.pending[0]
                headers = {"Idempotency-Key": text.replace(" ", "-")}
                body = {"username": "ada", "message": text}
                url = f"{self.url}/api/rooms/{room}/messages"
                try:
                    async with http.post(url, json=body, headers=headers) as answer:
                        assert answer.status in (200, 201), await answer.text()
                except aiohttp.ClientError:
                    return
                self.pending.pop(0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_nothing_is_lost_when_the_server_is_killed_again_and_again(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(20)
    server = Server(database_url, tmp_path / "server.log", FLAGS)
    async with receiving() as receiver:
        killer = Killer(server, chance)
        receiver.answer = killer.answer
        await server.start()
        add = ("webhook", "add", receiver.url, "--types", "chat", *FLAGS[:2], "--json")
        await asyncio.to_thread(chatlog, *add, "--database", database_url)
        poster = Poster(server.url)
        for _ in range(KILLS[database_url.partition(":")[0]]):
            killer.dead.clear()
            killer.is_armed = True
            poster.take(chance.randint(2, 8))
            async with asyncio.timeout(60):
                while not killer.dead.is_set():
                    await poster.post()
                    poster.take(1)
                    await asyncio.sleep(0.02)
            await server.start()
        await poster.post()
        await _all_delivered(database_url, receiver)
        await server.kill()
        events = {room: await _chats(database_url, room) for room in ROOMS}
    assert sum(map(len, events.values())) == poster.count
    _check(events, receiver)


async def _all_delivered(url: str, receiver: Receiver) -> None:
    async with asyncio.timeout(120):
        while True:
            (one,) = await asyncio.to_thread(lines, "webhook", "list", "--database", url)
            if one["failing_rooms"]:
                options = (one["id"], "--database", url)
                await asyncio.to_thread(chatlog, "webhook", "retry", *options)
            if one["behind"] == 0:
                return
            await asyncio.sleep(0.1)


async def _chats(url: str, room: str) -> list[dict[str, Any]]:
    events = await asyncio.to_thread(lines, "history", room, "--limit", "10000", "--database", url)
    return [event for event in events if event["type"] == "chat"]


def _check(events: dict[str, list[dict[str, Any]]], receiver: Receiver) -> None:
    taken: dict[str, list[int]] = defaultdict(list)
    ids: dict[tuple[str, int], str] = {}
    bodies: dict[str, bytes] = {}
    for delivery in receiver.got:
        room, seq = delivery.data["room"], delivery.data["seq"]
        assert ids.setdefault((room, seq), delivery.id) == delivery.id
        assert bodies.setdefault(delivery.id, delivery.body) == delivery.body
        # Nothing overtakes what was not taken yet.
        known = [event["seq"] for event in events[room]]
        before = known[: known.index(seq)]
        assert set(before) <= set(taken[room]), (room, seq)
        if delivery in receiver.taken:
            taken[room].append(seq)
    for room in ROOMS:
        assert set(taken[room]) == {event["seq"] for event in events[room]}
    assert len(set(ids.values())) == len(ids)
