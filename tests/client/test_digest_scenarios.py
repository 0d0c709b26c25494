"""Presence digests in both clients: what they ask for, hand out, and do not mistake for a gap."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatlog.client import Limits, PresenceFrame, connect
from tests.client.fault_server import FaultServer
from tests.client.players import (
    Event,
    Player,
    PythonPlayer,
    Start,
    TypeScriptPlayer,
    eventually,
    stage,
)
from tests.flows.conftest import Serve
from tests.support.clients import Clients

ROOM = "general"
COMERS = 60


def covered(player: Player) -> list[int]:
    """Return the seqs of the events that a client got, by themselves or in digests."""
    firsts = [event["from" if "from" in event else "seq"] for event in player.saw]
    spans = zip(firsts, player.saw, strict=True)
    return [seq for first, event in spans for seq in range(first, event["seq"] + 1)]


def is_whole(player: Player) -> bool:
    """Return whether each seq from its first on came once, and in order."""
    seqs = covered(player)
    return seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def test_a_digest_is_handed_out_in_the_place_of_its_events(
    server: FaultServer, start: Start
) -> None:
    ada, bob = await start("ada"), await start("bob")
    await ada.join(presence="digest")
    await bob.join()
    await server.storm("eve", "dan", "fay")
    await server.chat("eve", "hello")
    await server.storm("gil", left=["dan", "eve"])
    await server.chat("fay", "goodbye")
    for player in (ada, bob):
        await player.sees("hello", "goodbye")
        assert is_whole(player)
    first, second = ada.digests()
    assert [first[key] for key in ("from", "seq", "count")] == [3, 5, 5]
    assert [second[key] for key in ("from", "seq", "count")] == [7, 9, 4]
    assert (list(first["joined"]), list(first["left"])) == (["dan", "eve", "fay"], [])
    assert (list(second["joined"]), list(second["left"])) == (["gil"], ["dan", "eve"])
    assert bob.digests() == []
    if isinstance(ada, TypeScriptPlayer):
        assert ada.present[ROOM] == bob.present[ROOM] == (["ada", "bob", "fay", "gil"], 4)
    assert server.connections == 2
    assert [command.get("presence") for command in server.commands("join")] == ["digest", None]


async def test_digests_are_asked_for_on_each_connection_and_resumed_from(
    server: FaultServer, start: Start
) -> None:
    ada = await start("ada")
    await ada.join(presence="digest")
    await server.storm("eve", "dan")
    await eventually(lambda: len(ada.digests()) == 1)
    last = server.events()[-1]
    await server.cut()
    await eventually(lambda: len(server.commands("join")) == 2 and ROOM in ada.live)
    again = server.commands("join")[1]
    assert again["presence"] == "digest"
    assert (again["after"], again["hash"]) == (last["seq"], last["hash"])
    await server.storm("fay", left=["eve", "dan"])
    await server.chat("fay", "hello")
    await ada.sees("hello")
    assert len(ada.digests()) == 2
    assert is_whole(ada)


async def test_a_digest_after_a_gap_is_not_taken(server: FaultServer, start: Start) -> None:
    ada = await start("ada")
    await ada.join(presence="digest")
    await server.append({"type": "chat", "username": "bob", "message": "lost"}, told=False)
    await server.storm("eve", "dan")
    await ada.sees("lost")
    await eventually(lambda: covered(ada)[-1] == len(server.events()))
    assert is_whole(ada)
    assert server.connections == 2


async def test_digests_that_wait_for_a_slow_reader_count_as_the_events_they_cover(
    server: FaultServer,
) -> None:
    limits = Limits(max_waiting_events=10)
    async with connect(server.url, username="ada", limits=limits) as chat, asyncio.timeout(20):
        room = await chat.join(ROOM, presence="digest")
        for number in range(6):
            await server.storm(*(f"{number}-{comer}" for comer in range(4)))
        await room.send("the connection is not held up")
        got: list[Any] = [await anext(room)]
        while got[-1].type != "chat":
            got.append(await anext(room))
            assert (room.seq, room.hash) == (got[-1].seq, got[-1].hash)
    # Its own join and three digests found a place; what is beyond came from the log.
    assert [type(event) is PresenceFrame for event in got[:5]] == [False, True, True, True, False]
    assert [event.seq for event in got] == [1, 5, 9, 13, *range(14, 27)]


@pytest.fixture(params=[PythonPlayer, TypeScriptPlayer], ids=["python", "typescript"])
def kind(request: pytest.FixtureRequest) -> type[Player]:
    found: type[Player] = request.param
    return found


async def test_a_real_server_that_is_killed_between_two_storms_sends_digests_of_both(
    serve: Serve, sqlite_url: str, kind: type[Player]
) -> None:
    server = await serve(sqlite_url)
    async with stage(kind, server.url) as start:
        ada = await start("ada")
        await ada.join(presence="digest")
        for storms in (1, 2):
            await storm(server, storms)
            await ada.sees(*(f"storm {number}" for number in range(1, storms + 1)))
            await eventually(lambda: count_of(ada) == 1, ada.present)
            assert is_whole(ada)
            texts = [event["seq"] for event in ada.saw if event["type"] == "chat"]
            since = texts[-2] if storms == 2 else 0
            assert [each for each in ada.digests() if each["seq"] > since]
            if storms == 1:
                await server.kill()
                await server.start()
                await eventually(lambda: len(own_joins(ada)) == 2)
        assert len(own_joins(ada)) == 2  # no digest was taken for a gap


async def storm(server: Any, number: int) -> None:
    """Let many join at once, and leave; one of them speaks, and leaves last."""
    async with Clients(server) as clients:
        comers = [await clients.connect(f"{number}-{n:02}") for n in range(COMERS)]
        await asyncio.gather(*(comer.join(ROOM, backlog=0) for comer in comers))
        await asyncio.gather(*(comer.leave(ROOM) for comer in comers[1:]))
        await comers[0].chat(ROOM, f"storm {number}")
        await comers[0].leave(ROOM)


def own_joins(player: Player) -> list[Event]:
    return [e for e in player.saw if e.get("username") == "ada" and e.get("event") == "join"]


def count_of(player: Player) -> int:
    """Return how many are present, as far as the client knows."""
    if isinstance(player, TypeScriptPlayer):
        names, count = player.present[ROOM]
        return count if names == ["ada"] else -1
    (last,) = player.saw[-1:]
    return 1 if last.get("event") == "leave" or last.get("count") == 1 else -1
