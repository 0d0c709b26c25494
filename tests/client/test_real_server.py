"""The Python client at the real server, which is killed, kicks, and lets tokens end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatlog.client import ChatFrame, Limits, Refused, Room, connect
from tests.access.people import World
from tests.flows.conftest import Serve
from tests.support.command import chatlog

MESSAGES = 150
IMPATIENT = Limits(first_retry_seconds=0.05, max_retry_seconds=0.2)


async def read(room: Room, events: list[Any]) -> None:
    """Read a room to its end."""
    async with asyncio.timeout(60):
        async for event in room:
            events.append(event)  # noqa: PERF401 - kept, whatever ends the reading


async def test_a_server_that_is_killed_while_people_send_loses_and_doubles_nothing(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    wanted = [f"message {number}" for number in range(MESSAGES)]
    got: list[Any] = []

    async def send(room: Room) -> None:
        for text in wanted:
            await room.send(text)

    async with (
        connect(server.url, username="ada", limits=IMPATIENT) as ada,
        connect(server.url, username="bob", limits=IMPATIENT) as bob,
        asyncio.timeout(60),
    ):
        reader = asyncio.create_task(read(await bob.join("general"), got))
        sender = asyncio.create_task(send(await ada.join("general")))
        for kill in (1, 2):
            while len(got) < kill * MESSAGES / 3:
                await asyncio.sleep(0.005)
            await server.kill()
            await server.start()
        await sender
        while [event.message for event in got if event.type == "chat"][-1] != wanted[-1]:
            await asyncio.sleep(0.01)
        reader.cancel()
    assert [event.message for event in got if event.type == "chat"] == wanted
    seqs = [event.seq for event in got]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    ended = await chatlog("history", "general", "--json", "--limit", "9999", database=sqlite_url)
    logged = [json.loads(line) for line in ended.out.splitlines()]
    assert [event["message"] for event in logged if event["type"] == "chat"] == wanted


async def test_a_kick_is_seen_and_ends_the_reading(world: World) -> None:
    token = world.issuer.token
    async with (
        connect(world.url, token=token("u-ada", "ada")) as ada,
        connect(world.url, token=token("u-bob", "bob")) as bob,
    ):
        owned = await ada.join("general")
        room = await bob.join("general")
        await ada.ask({"type": "kick", "room": "general", "subject": "u-bob", "reason": "enough"})
        events: list[Any] = []
        with pytest.raises(Refused, match="ada removed you from general: enough") as refused:
            await read(room, events)
        assert refused.value.code == "forbidden"
        assert (events[-1].cause, events[-1].by) == ("kicked", "ada")
        with pytest.raises(Refused):
            await room.send("still there?")
        again = await bob.join("general", after=room.seq, hash=room.hash)
        assert (await again.send("back")).seq == (await owned.history()).events[-1].seq


async def test_who_is_banned_is_refused_at_the_door(world: World) -> None:
    token = world.issuer.token
    async with (
        connect(world.url, token=token("u-ada", "ada")) as ada,
        connect(world.url, token=token("u-bob", "bob")) as bob,
    ):
        await ada.join("general")
        room = await bob.join("general")
        order = {"type": "member", "room": "general", "subject": "u-bob", "role": "banned"}
        await ada.ask(order)
        with pytest.raises(Refused):
            await read(room, [])
        with pytest.raises(Refused) as refused:
            await bob.join("general")
        assert refused.value.code == "forbidden"


async def test_a_token_that_ends_is_renewed_without_a_break(world: World) -> None:
    given: list[str] = []

    def newest() -> str:
        given.append(world.issuer.token("u-ada", "ada", lasts=3 if not given else 3_600))
        return given[-1]

    async with connect(world.url, token=newest) as ada, asyncio.timeout(30):
        room = await ada.join("general")
        await asyncio.sleep(4)
        ack = await room.send("after the first token's end")
        page = await room.history()
    assert len(given) == 2
    kinds = [event.type for event in page.events]
    assert kinds == ["member", "notification", "chat"]
    assert page.events[-1].seq == ack.seq


async def test_a_token_that_ends_for_good_is_refused(world: World) -> None:
    async with connect(world.url, token=world.issuer.token("u-ada", "ada", lasts=2)) as ada:
        room = await ada.join("general")
        with pytest.raises(Refused) as refused:
            await read(room, [])
        assert refused.value.code == "not_authenticated"


async def test_a_bad_token_is_refused_with_the_servers_reason(world: World) -> None:
    with pytest.raises(Refused) as refused:
        async with connect(world.url, token="no.such.token"):
            pass
    assert refused.value.code == "token_invalid"
    assert "no.such.token" not in str(refused.value)


async def test_in_a_server_with_tokens_a_name_is_not_enough(world: World) -> None:
    async with connect(world.url, username="ada") as ada:
        with pytest.raises(Refused) as refused:
            await ada.join("general")
        assert refused.value.code == "not_authenticated"


async def test_a_handshake_can_sign_in(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.issuer.token('u-ada', 'ada')}"}
    async with connect(world.url, headers=headers) as ada:
        assert ada.username == "ada"
        room = await ada.join("general")
        await room.send("hello")
        page = await room.history(types=["chat"])
        assert [type(event) for event in page.events] == [ChatFrame]
        assert (await room.users()).users == ("ada",)
