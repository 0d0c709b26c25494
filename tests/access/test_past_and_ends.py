"""Where a room begins for whoever may not see its past, and what happens when a role runs out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatlog import token_mode

from .conftest import Open
from .people import Frame, Person, Socket, World
from .times import in_seconds


@pytest.fixture
async def world(open_world: Open) -> World:
    return await open_world(max_chats_per_second=1_000)


async def say(socket: Socket, *said: str) -> list[int]:
    return [(await socket.chat("room", one))["seq"] for one in said]


async def page(person: Person, query: str = "") -> Frame:
    answer = await person.get(f"/api/rooms/room/events?limit=500{query}")
    assert answer.status == 200, answer.text
    found: Frame = answer.body
    return found


async def test_the_room_begins_at_the_member_event(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed", history="since_member")
    async with ada.socket() as hers:
        await hers.join("room")
        await say(hers, "secret one", "secret two")
        began = (await ada.appoint("room", "bob", "member")).body["seq"]
        await say(hers, "three")
        async with bob.socket() as his:
            caught_up = await his.join("room", backlog=500)
            assert (caught_up["first"], caught_up["more"]) == (began, False)
            assert min(e["seq"] for e in his.events) == began
            for query in (
                {},
                {"before": began + 1},
                {"after": 0},
                {"around": 1},
                {"around": began},
            ):
                told = await his.ask("history", room="room", **query)
                assert "secret" not in str(told)
                assert told["more_before"] is False, query
            assert (await his.ask("history", room="room", before=began))["events"] == []
        for asked in ("", f"&before={began}", "&after=0", "&around=1", "&types=chat"):
            told = await page(bob, asked)
            assert "secret" not in str(told)
            assert not told["more_before"]
        assert "secret one" in str(await page(ada))
        await ada.appoint("room", "bob", "moderator")
        assert "secret one" in str(await page(bob))


async def test_an_older_after_is_the_seq_before_the_beginning(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed", history="since_member")
    async with ada.socket() as hers:
        await hers.join("room")
        await say(hers, "secret")
    began = (await ada.appoint("room", "bob", "member")).body["seq"]
    for given in ({"after": 1, "hash": "0" * 16}, {"after": 0}, {"after": began - 1}):
        async with bob.socket() as his:
            told = await his.join("room", **given)
            assert (told["first"], told["more"]) == (began, False)
            assert his.events[0]["seq"] == began
    async with bob.socket() as his:
        assert (await his.ask("join", room="room", after=began, hash="0" * 16))[
            "code"
        ] == "diverged"
        assert (await his.ask("join", room="room", after=999))["code"] == "after_unknown"


async def test_whoever_was_banned_begins_again(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", history="since_member")
    async with ada.socket() as hers, bob.socket() as his:
        await hers.join("room")
        await say(hers, "unseen")
        first = await his.join("room")
        assert first["first"] == first["seq"]
        await say(hers, "seen")
        assert "seen" in str(await page(bob))
        assert "unseen" not in str(await page(bob))
        await ada.appoint("room", "bob", "banned")
        await say(hers, "while banned")
        back = (await ada.appoint("room", "bob", "member")).body["seq"]
        await say(hers, "after")
    told = await page(bob)
    assert told["events"][0]["seq"] == back
    assert "seen" not in str(told)


async def test_a_role_that_comes_back_by_itself_begins_at_the_first_seq_after_it(
    world: World,
) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed", history="since_member")
    await ada.appoint("room", "bob", "member")
    async with ada.socket() as hers:
        await hers.join("room")
        await say(hers, "seen")
        await ada.appoint("room", "bob", "banned", until=in_seconds(0.8))
        await say(hers, "while banned")
        assert (await bob.get("/api/rooms/room/events")).code == "forbidden"
        await back_in(bob)
        assert (await page(bob))["events"] == []
        [seq] = await say(hers, "after")
        told = await page(bob)
        assert [event["seq"] for event in told["events"]] == [seq]
        async with bob.socket() as his:
            caught_up = await his.join("room", after=1, hash="0" * 16)
            assert caught_up["first"] == seq


async def back_in(person: Person) -> None:
    async with asyncio.timeout(5):
        while (await person.get("/api/rooms/room/events")).status != 200:
            await asyncio.sleep(0.05)


async def test_before_the_first_join_there_is_nothing(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", history="since_member", topic="a topic")
    async with ada.socket() as hers:
        await hers.join("room")
        await say(hers, "secret")
    told = await page(bob)
    assert (told["events"], told["more_before"], told["more_after"]) == ([], False, False)


async def test_a_role_that_runs_out_ends_delivery_and_sessions(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed")
    async with ada.socket() as hers, bob.socket() as his:
        await hers.join("room")
        until = in_seconds(3)
        await ada.appoint("room", "bob", "member", until=until)
        await his.join("room")
        await say(hers, "seen")
        await asyncio.sleep(3.1)
        await say(hers, "not for bob")
        leave = await own_leave(his)
        assert "not for bob" not in str(his.got)
        assert leave["cause"] == "kicked"
        assert (await his.ask("chat", room="room", message="x"))["code"] == "not_joined"
        assert (await his.ask("history", room="room"))["code"] == "forbidden"
        assert (await his.ask("join", room="room"))["code"] == "forbidden"


async def own_leave(socket: Socket) -> Frame:
    async with asyncio.timeout(6):
        while True:
            for event in socket.events:
                if event.get("event") == "leave":
                    return event
            await socket.receive()


async def test_a_role_that_runs_out_in_a_quiet_room_ends_the_session(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed")
    await ada.appoint("room", "bob", "member", until=in_seconds(3))
    async with bob.socket() as his:
        await his.join("room")
        leave = await own_leave(his)
        assert (leave["username"], leave["cause"]) == ("bob", "kicked")


async def test_a_session_whose_role_ran_out_ends_though_another_role_comes_at_once(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_mode, "_EXPIRY_SECONDS", 2.0)
    world = await open_world()
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed")
    async with ada.socket() as hers, bob.socket() as his:
        await hers.join("room")
        await ada.appoint("room", "bob", "member", until=in_seconds(0.6))
        await his.join("room")
        await asyncio.sleep(0.7)
        await ada.appoint("room", "bob", "member")
        await say(hers, "not for bob")
        assert (await own_leave(his))["cause"] == "kicked"
        assert "not for bob" not in str(his.got)
        await his.join("room", backlog=0)
        await say(hers, "for bob")
        assert (await his.next("chat"))["message"] == "for bob"


async def test_the_role_before_counts_again(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room")
    async with bob.socket() as his:
        await his.join("room")
        await ada.appoint("room", "bob", "reader", until=in_seconds(0.7), reason="muted")
        assert (await his.ask("chat", room="room", message="x"))["code"] == "forbidden"
        async with asyncio.timeout(5):
            while (await his.ask("chat", room="room", message="x"))["type"] == "error":
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("given", [{"role": "banned"}, {"role": "none"}])
async def test_a_page_under_way_and_a_slow_reader_get_nothing_later(
    world: World, given: dict[str, Any]
) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("room", access="listed")
    await ada.appoint("room", "bob", "member")
    async with ada.socket() as hers, bob.socket() as his:
        await hers.join("room")
        await his.join("room")
        for number in range(50):
            await hers.send("chat", room="room", message=f"early {number}")
        await hers.send("member", room="room", subject="bob", id="ban", **given)
        for number in range(50):
            await hers.send("chat", room="room", message=f"late {number}")
        await say(hers, "the end")
        await his.ask("ping")
        assert "late" not in str(his.got)
        assert "early 49" in str(his.got)
        assert his.events[-1]["event"] == "leave"
