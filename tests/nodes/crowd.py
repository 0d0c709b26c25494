"""People spread over the nodes of a log: some stay, some wander, some pass by.

All of them chat. Whoever is cut or sent away goes on at the next node with what they have seen:
a replay there that is not contiguous fails the checker.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Address, Clients
from tests.support.talkers import TRANSIENT, Load, Talker, some_chats

GONE = (OSError, aiohttp.ClientError, TimeoutError)
"""Connecting to a server that is not there, and being cut off from it."""

CONNECT_SECONDS = 5.0
LAPSE_SECONDS = 30.0
"""The promise: a dead node's sessions have lapsed by then."""

PAUSE_SECONDS = 0.05
"""Between a person's turns, so that two cores carry a cluster and its crowd."""


@dataclass(slots=True)
class Person:
    """A talker who goes on at the next node; ``wanders`` after so many turns, or stays."""

    talker: Talker
    servers: Sequence[Address]
    at: Address
    rng: random.Random
    wanders: int | None = None

    async def live(self, until: asyncio.Event) -> None:
        """Talk until told to stop, and on until everything is answered; stay connected."""
        while True:
            with suppress(*GONE):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self.talker.come_back(self.at)
                await self._talk(until)
            if until.is_set() and await self._is_at_rest():
                return
            await self._let_go()
            self.at = self.servers[(self.servers.index(self.at) + 1) % len(self.servers)]

    async def _talk(self, until: asyncio.Event) -> None:
        for turn in itertools.count():
            if until.is_set():
                return
            if self.wanders is not None and turn >= self.wanders:
                assert self.talker.client is not None
                await self.talker.client.close()
                return
            text = f"turn {turn} of {self.talker.name} at {self.at.port}"
            await self.talker.say(self.talker.unanswered | some_chats(text, 3))
            await asyncio.sleep(self.rng.uniform(0, 2 * PAUSE_SECONDS))

    async def _is_at_rest(self) -> bool:
        """Tell whether the last connection is good and owed nothing."""
        client = self.talker.client
        if client is None or client.connection.closed is not None or not client.rooms:
            return False
        with suppress(*GONE):
            await self.talker.say(self.talker.unanswered)
        return not self.talker.unanswered and client.connection.closed is None

    async def _let_go(self) -> None:
        """Cut the connection if it is there; who is refused everywhere tries again and again."""
        client = self.talker.client
        if client is not None and client.connection.closed is None:
            await client.cut()
        await asyncio.sleep(self.rng.uniform(0, 4 * PAUSE_SECONDS))


async def pass_by(
    clients: Clients, servers: Sequence[Address], room: str, until: asyncio.Event
) -> None:
    """Come and go, each time at the next node, until told to stop."""
    for server in itertools.cycle(servers):
        if until.is_set():
            return
        client: Client | None = None
        with suppress(*GONE):
            async with asyncio.timeout(CONNECT_SECONDS):
                client = await clients.connect("passer-by", server=server)
                await _visit(client, room)
        if client is not None and client.connection.closed is None:
            await client.cut()
        await asyncio.sleep(PAUSE_SECONDS)


async def _visit(client: Client, room: str) -> None:
    steps: tuple[tuple[str, dict[str, object]], ...] = (
        ("join", {"username": client.name, "backlog": 3}),
        ("chat", {"message": "just passing"}),
        ("leave", {}),
    )
    for kind, fields in steps:
        answer = await client.ask(kind, room=room, **fields)
        if answer.data.get("code") in TRANSIENT:
            return
        assert answer.type != "error", answer.raw
    await client.close()


@dataclass(slots=True)
class Crowd:
    """Everybody in one room, at several servers, and the record of what they did and saw.

    No wait for a sign of life takes more than ``patience_seconds``.
    """

    servers: Sequence[Address]
    clients: Clients
    room: str
    patience_seconds: float = 60.0
    load: Load = field(default_factory=Load)
    people: list[Person] = field(default_factory=list)

    def gather(self, seed: str) -> None:
        """Three who stay at each node, in two tabs one of them, and three who wander."""
        rng = random.Random(seed)
        for number, server in enumerate(self.servers):
            for name in (f"stays {number}", f"stays {number}", f"at home {number}"):
                self._add(name, server, rng, None)
            self._add(f"wanders {number}", server, rng, 2 + number)

    def _add(self, name: str, server: Address, rng: random.Random, wanders: int | None) -> None:
        talker = Talker(name, self.clients, self.load, self.room, TRANSIENT)
        self.people.append(Person(talker, self.servers, server, rng, wanders))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Have everybody chat; afterwards they are still there, and owe nothing."""
        until = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for person in self.people:
                tasks.create_task(person.live(until))
            tasks.create_task(pass_by(self.clients, self.servers, self.room, until))
            await self.everywhere(5)
            yield
            await self.everywhere(5)
            until.set()

    def there(self, server: Address) -> list[Client]:
        """Return the open connections of people who stay at this server."""
        clients = [
            p.talker.client for p in self.people if p.talker.server is server and p.wanders is None
        ]
        return [c for c in clients if c is not None and c.connection.closed is None]

    async def everywhere(self, further: int) -> None:
        """Wait until each node has acknowledged so many more chats."""
        await self.load.wait_for_each(self.servers, further, within=self.patience_seconds)

    async def settle(self, within: float = LAPSE_SECONDS) -> None:
        """Wait until all is quiet, within the bound, and look at the room from each node."""
        await self.clients.settle(self.room, within=within)
        for client in [client for server in self.servers for client in self.there(server)]:
            with suppress(ConnectionError):
                await client.users(self.room)
        for server in self.servers:
            await self.clients.read_log(self.room, server=server)


@asynccontextmanager
async def crowded(servers: Sequence[Address], room: str) -> AsyncIterator[Crowd]:
    """Have a crowd at work in a room while the block does harm; then settle and judge.

    Afterwards the crowd's record has the room's log.
    """
    async with Clients(servers[0]) as clients:
        crowd = Crowd(servers, clients, room)
        crowd.gather(room)
        async with crowd.at_work():
            yield crowd
        await crowd.settle()
    assert_holds(clients.record, settled=True)
    for event in clients.record.logs[room]:
        if event.data.get("cause") == "lapsed":
            took = _seconds(event.data["at"]) - _seconds(event.data["last_seen_at"])
            assert took < LAPSE_SECONDS, event.raw


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
