"""Histories, played through live connections, are told by the log as by the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.frames import Frame
from tests.support.histories import HISTORIES, OWN, REAL, history

from .conftest import Serve
from .irc_story import Happening, Story, read_story

ROOM = "#ubuntu"
WATCHER = "the watcher"


@dataclass(slots=True)
class Players:
    """One connection for each name of the file, opened when it first appears."""

    clients: Clients
    watcher: Client
    connections: dict[str, Client] = field(default_factory=dict)

    async def play(self, happening: Happening) -> None:
        """Let one thing happen, and wait until it is in the log: order is the story."""
        if happening.what == "join":
            await (await self._connection(happening.name)).join(ROOM, backlog=5)
        elif happening.what == "chat":
            await self.connections[happening.name].chat(ROOM, happening.text)
        elif happening.text == "left":
            await self.connections[happening.name].leave(ROOM)
        else:
            gone = self.watcher.expect(lambda f: f.is_leave)
            await self.connections.pop(happening.name).close()
            await gone

    async def _connection(self, name: str) -> Client:
        if name not in self.connections:
            self.connections[name] = await self.clients.connect(name)
        return self.connections[name]

    async def all_leave(self) -> None:
        await asyncio.gather(*(client.close() for client in self.connections.values()))


def told(event: Frame) -> Happening:
    data = event.data
    what = data.get("event", event.type)
    return Happening(what, data["username"], str(data.get("cause") or data.get("message", "")))


def as_told_by(log: list[Frame]) -> list[Happening]:
    """The story in a log, without the watcher; a join's sentence is not part of it."""
    story = [told(event) for event in log if event.data["username"] != WATCHER]
    return [Happening(h.what, h.name) if h.what == "join" else h for h in story]


def as_live(happening: Happening) -> Happening:
    """What a server can tell of it: nobody is kicked there."""
    return happening._replace(text="disconnected") if happening.text == "kicked" else happening


async def played(serve: Serve, database: str, story: Story) -> AsyncIterator[list[Frame]]:
    # One thing at a time is what the pause between commits would make wait for nothing.
    server = await serve(database, "--max-commit-delay-ms", "0")
    async with Clients(server) as clients:
        watcher = await clients.connect(WATCHER)
        await watcher.join(ROOM)
        players = Players(clients, watcher)
        for happening in story.happenings:
            await players.play(happening)
        await clients.settle(ROOM)
        yield clients.record.logs[ROOM]
        await players.all_leave()
        await clients.settle(ROOM)
        yield clients.record.logs[ROOM]
    assert_holds(clients.record, settled=True)


async def assert_the_log_tells_the_story(serve: Serve, database: str, file: str) -> None:
    path = history(file)
    story = read_story(path.read_bytes(), path.name[:10])
    telling = played(serve, database, story)
    assert as_told_by(await anext(telling)) == list(map(as_live, story.happenings))
    ended = as_told_by(await anext(telling))[len(story.happenings) :]
    assert sorted(ended) == sorted(Happening("leave", n, "disconnected") for n in story.present)
    assert [rest async for rest in telling] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", HISTORIES)
async def test_a_history_played_live_is_told_by_the_log_as_by_the_file(
    serve: Serve, sqlite_url: str, file: str
) -> None:
    await assert_the_log_tells_the_story(serve, sqlite_url, file)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", [OWN, REAL[0]])
async def test_a_history_played_live_is_told_by_postgresql_as_well(
    serve: Serve, postgres_url: str, file: str
) -> None:
    await assert_the_log_tells_the_story(serve, postgres_url, file)
