"""Streams where people prove who they are: rights before the answer, and every kind of end."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

from tests.support.command import chatlog
from tests.support.streams import Message, Reader, reading

from .conftest import Open
from .people import NOBODY, Person


def path_of(room: str) -> str:
    return f"/api/rooms/{room}/stream"


def stream(
    who: Person, room: str = "desk", last: str | None = None, query: str = ""
) -> AbstractAsyncContextManager[Reader]:
    headers = who.headers if last is None else {**who.headers, "Last-Event-ID": last}
    return reading(who.http.get(who.url + path_of(room) + query, headers=headers))


def is_last(message: Message, code: str) -> bool:
    given = (message.event, message.id, message.data["type"], message.data["code"])
    return given == ("error", "end", "error", code)


async def last_event(who: Person, room: str = "desk") -> Any:
    return (await who.get(f"/api/rooms/{room}/events")).body["events"][-1]


async def leave(who: Person) -> Any:
    """Return the leave that is the room's last event, once it is in the log."""
    async with asyncio.timeout(20):
        while (last := await last_event(who)).get("event") != "leave":
            await asyncio.sleep(0.02)
    return last


async def test_rights_are_checked_before_anything_is_sent(open_world: Open) -> None:
    world = await open_world(create_rooms="everyone")
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    auditor = world.person("u-3", "eve", scope="audit")
    room = await ada.make("desk", access="listed")
    private = await ada.make(access="private")
    nobody = await bob.get(path_of(NOBODY))
    assert (nobody.status, nobody.code) == (404, "room_unknown")
    assert (await bob.get(path_of(private))).text == nobody.text
    assert (await bob.get(path_of("nowhere"))).text == nobody.text
    assert (await bob.get(path_of(room))).status == 403
    assert (await auditor.get(path_of(room))).status == 403
    assert (await world.holder(None).get(path_of(room))).status == 401
    assert (await world.holder("x").get(path_of(room))).headers["WWW-Authenticate"] == "Bearer"
    assert (await ada.get(path_of(room) + "?username=else")).status == 403
    async with stream(ada, private) as hers:
        await hers.next("caught_up")
        assert [message.event for message in hers.got if message.event != "message"] == [
            "users",
            "caught_up",
        ]
    rooms = [one["room"] for one in (await ada.get("/api/rooms")).body["rooms"]]
    assert sorted(rooms) == sorted([room, private])


async def test_a_reader_may_open_a_stream(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("desk", access="listed")
    await ada.appoint("desk", "u-2", "reader")
    async with stream(bob) as his:
        await his.next("caught_up")
        joined = await last_event(ada)
        assert (joined["username"], joined["event"], joined["via"]) == ("bob", "join", "http")


async def test_a_kick_is_the_end_and_its_leave_the_last_event(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("desk")
    async with stream(bob) as his:
        await his.next("caught_up")
        await ada.request("POST", "/api/rooms/desk/kick", {"subject": "u-2", "reason": "spam"})
        left, error = await his.rest()
    assert (left.data["event"], left.data["cause"]) == ("leave", "kicked")
    assert left.data["reason"] == "spam"
    assert is_last(error, "forbidden")
    assert (await bob.request("GET", path_of("desk"), **{"Last-Event-ID": "end"})).status == 204


async def test_a_ban_is_the_end_and_a_stale_id_gets_no_further(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("desk")
    async with stream(bob) as his:
        await his.next("caught_up")
        await ada.appoint("desk", "u-2", "banned")
        rest = await his.rest()
    assert is_last(rest[-1], "forbidden")
    answer = await bob.request("GET", path_of("desk"), **{"Last-Event-ID": rest[0].last_id})
    assert answer.status == 403


async def test_a_token_s_end_is_the_stream_s(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob", lasts=2)
    await ada.make("desk")
    async with stream(bob) as his:
        rest = await his.rest()
    assert is_last(rest[-1], "token_invalid")
    assert (await leave(ada))["cause"] == "expired"


async def test_a_revoked_token_s_stream_ends(open_world: Open, sqlite_url: str) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob", jti="one")
    await ada.make("desk")
    async with stream(bob) as his:
        await his.next("caught_up")
        done = await chatlog("token", "revoke", "--jti", "one", database=sqlite_url)
        assert done.status == 0, done
        assert is_last((await his.rest())[-1], "token_invalid")
    assert (await leave(ada))["cause"] == "revoked"
    assert (await bob.get(path_of("desk"))).status == 401


async def test_a_user_s_streams_count_as_connections(open_world: Open) -> None:
    world = await open_world(max_connections_per_user=2)
    ada = world.person("u-1", "ada")
    await ada.make("desk")
    async with ada.socket(), stream(ada) as hers:
        await hers.next("caught_up")
        third = await ada.get(path_of("desk"))
        assert (third.status, third.code) == (429, "rate_limited")
        assert int(third.headers["Retry-After"]) >= 1
    await leave(ada)
    async with stream(ada) as hers:
        await hers.next("caught_up")


async def test_a_kick_out_of_one_room_leaves_the_others(open_world: Open) -> None:
    world = await open_world()
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("desk")
    await ada.make("hall")
    private = await ada.make(access="private")
    url = f"{bob.url}/api/stream?rooms=desk,hall,{private},{NOBODY}"
    async with reading(bob.http.get(url, headers=bob.headers)) as his:
        errors = [(await his.next("error")).data for _ in range(2)]
        assert [error.pop("room") for error in errors] == [private, NOBODY]
        assert errors[0] == errors[1]
        await ada.request("POST", "/api/rooms/desk/kick", {"subject": "u-2"})
        kicked = await his.next("error")
        assert (kicked.id, kicked.data["code"], kicked.data["room"]) == (None, "forbidden", "desk")
        await ada.request("POST", "/api/rooms/hall/messages", {"message": "hi"})
        await his.next("message", type="chat", room="hall")
        await ada.request("POST", "/api/rooms/hall/kick", {"subject": "u-2"})
        assert is_last((await his.rest())[-1], "forbidden")
