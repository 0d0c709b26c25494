"""What the Python client adds to the promises that both clients share."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from chatlog.client import Chat, Limits, Refused, Room, Unreachable, connect
from chatlog.client.chat import socket_url
from chatlog.client.settings import pause_seconds
from tests.client.fault_server import FaultServer
from tests.client.players import FAST, eventually
from tests.support.server import free_port


def ada(server: FaultServer, **given: Any) -> AbstractAsyncContextManager[Chat]:
    return connect(server.url, **{"username": "ada", "limits": FAST, **given})


async def event_of(room: Room) -> Any:
    """Return the next event, of whichever type."""
    return await anext(room)


async def test_nothing_old_is_replayed_unless_it_is_asked_for(server: FaultServer) -> None:
    for text in ("one", "two", "three"):
        await server.chat("bob", text)
    async with ada(server) as chat:
        room = await chat.join("general")
        first = await event_of(room)
        assert (first.type, first.username) == ("notification", "ada")
    async with ada(server) as chat:
        room = await chat.join("general", backlog=2)
        assert [(await event_of(room)).message for _ in range(2)] == ["two", "three"]


async def test_reading_continues_after_a_cursor_that_was_kept(server: FaultServer) -> None:
    async with ada(server) as chat:
        room = await chat.join("general", after=0)
        event = await event_of(room)
        assert (room.seq, room.hash) == (event.seq, event.hash) == (1, server.events()[0]["hash"])
        kept = room.seq, room.hash
    await server.chat("bob", "meanwhile")
    async with ada(server) as chat:
        room = await chat.join("general", after=kept[0], hash=kept[1])
        assert [(await event_of(room)).seq for _ in range(3)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("place", "code"),
    [({"after": 1, "hash": "0" * 16}, "diverged"), ({"after": 9}, "after_unknown")],
)
async def test_a_cursor_of_another_log_is_refused(
    server: FaultServer, place: dict[str, Any], code: str
) -> None:
    await server.chat("bob", "one")
    async with ada(server) as chat:
        with pytest.raises(Refused) as refused:
            await chat.join("general", **place)
        assert refused.value.code == code
        assert (await chat.join("general")).name == "general"


async def test_an_id_of_the_callers_makes_a_repeat_harmless(server: FaultServer) -> None:
    async with ada(server) as chat:
        room = await chat.join("general")
        first = await room.send("shipped", id="order-7")
        assert (first.id, first.repeated) == ("order-7", False)
        again = await room.send("shipped", id="order-7")
        assert (again.seq, again.hash, again.repeated) == (first.seq, first.hash, True)
        with pytest.raises(Refused) as refused:
            await room.send("something else", id="order-7")
        assert refused.value.code == "id_conflict"
    assert server.chats() == ["shipped"]


async def test_one_id_may_be_under_way_in_two_rooms(server: FaultServer) -> None:
    async with ada(server) as chat:
        rooms = [await chat.join("general"), await chat.join("other")]
        acks = await asyncio.gather(*(room.send("news", id="news-1") for room in rooms))
    assert [ack.room for ack in acks] == ["general", "other"]
    assert server.chats("general") == server.chats("other") == ["news"]


async def test_what_waits_for_a_slow_reader_is_bounded_and_nothing_is_lost(
    server: FaultServer,
) -> None:
    limits = Limits(max_waiting_events=10)
    async with connect(server.url, username="ada", limits=limits) as chat:
        room = await chat.join("general")
        for number in range(350):
            await server.chat("bob", f"{number}")
        await room.send("the connection is not held up")
        assert len(room._membership.inbox._waiting) == 10
        seqs = [(await event_of(room)).seq for _ in range(352)]
        assert seqs == list(range(1, 353))
        await server.chat("bob", "live again")
        asked = len(server.asked)
        assert (await event_of(room)).seq == 353
        assert len(server.asked) == asked


async def test_a_slow_reader_loses_nothing_over_a_lost_connection(server: FaultServer) -> None:
    limits = Limits(first_retry_seconds=0.01, max_waiting_events=5)
    async with connect(server.url, username="ada", limits=limits) as chat:
        room = await chat.join("general")
        for number in range(20):
            await server.chat("bob", f"{number}")
        await room.send("seen")
        await server.cut()
        await eventually(lambda: server.connections == 2)
        await room.send("again")
        head = len(server.events())
        assert [(await event_of(room)).seq for _ in range(head)] == list(range(1, head + 1))


async def test_what_was_erased_before_it_was_read_is_not_read(server: FaultServer) -> None:
    async with ada(server) as chat:
        room = await chat.join("general")
        event = await server.chat("bob", "secret")
        await server.append({"type": "erasure", "of": [event["seq"]], "username": "root"})
        await room.send("after it")
        texts = [getattr(await event_of(room), "message", None) for _ in range(4)]
        assert texts[1:] == ["", None, "after it"]


async def test_leaving_ends_the_reading(server: FaultServer) -> None:
    async with ada(server) as chat:
        room = await chat.join("general")
        await room.leave()
        events = [event async for event in room]
        assert [event.type for event in events] == ["notification", "notification"]
        again = await chat.join("general", after=room.seq, hash=room.hash)
        assert again is not room
        assert (await event_of(again)).seq == 3


async def test_a_join_that_is_given_up_is_not_tried_again(server: FaultServer) -> None:
    limits = replace(FAST, first_resend_seconds=0.2)
    async with ada(server, limits=limits) as chat:
        server.mood = "overloaded"
        joining = asyncio.create_task(chat.join("busy"))
        await eventually(lambda: server.commands("join"))
        await given_up(joining)  # between two tries
        server.mood = "serve"
        await chat.join("general")
        await asyncio.sleep(0.3)
        assert [command["room"] for command in server.commands("join")] == ["busy", "general"]


async def test_a_join_that_is_given_up_on_its_way_is_undone(server: FaultServer) -> None:
    async with ada(server) as chat:
        joining = asyncio.create_task(chat.join("busy"))
        while chat._session.rooms.get("busy") is None:
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # the command is with the connection
        await given_up(joining)
        await chat.join("general")
        await eventually(lambda: len(server.events("busy")) == 2)
        assert [event["event"] for event in server.events("busy")] == ["join", "leave"]
        assert [command["room"] for command in server.commands("join")] == ["busy", "general"]


async def given_up(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_when_the_block_ends_who_still_waits_is_told(server: FaultServer) -> None:
    async with ada(server) as chat:
        room = await chat.join("general")
        server.mood = "swallow"
        sending = asyncio.create_task(room.send("never answered"))
        await eventually(lambda: server.commands("chat"))
    with pytest.raises(Unreachable):
        await sending
    with pytest.raises(Unreachable):
        await chat.join("other")
    await eventually(lambda: not server.sockets)


async def test_a_server_that_is_not_there_is_said_with_the_reason() -> None:
    limits = Limits(connect_seconds=0.3, first_retry_seconds=0.05)
    with pytest.raises(Unreachable, match="Connection refused"):
        async with connect(f"ws://127.0.0.1:{free_port()}/ws", username="ada", limits=limits):
            pass


async def test_what_is_no_chatlog_is_said_at_once(server: FaultServer) -> None:
    with pytest.raises(Unreachable, match="404"):
        async with connect(server.url.replace("/ws", "/elsewhere"), username="ada"):
            pass


async def test_the_error_of_the_first_token_is_the_callers_own(server: FaultServer) -> None:
    def broken() -> str:
        raise KeyError("TOKEN")

    server.tokens = {}
    with pytest.raises(KeyError):
        async with connect(server.url, token=broken):
            pass


async def test_a_token_may_come_from_a_coroutine_function(server: FaultServer) -> None:
    async def fetched() -> str:
        await asyncio.sleep(0)
        return "one"

    server.tokens = {"one": "ada"}
    async with connect(server.url, token=fetched) as chat:
        assert chat.username == "ada"


@pytest.mark.parametrize("given", [{}, {"username": "ada", "token": "one"}])
async def test_who_connects_says_who_they_are_in_one_way(given: dict[str, str]) -> None:
    with pytest.raises(TypeError):
        async with connect("ws://127.0.0.1:1/ws", **given):  # type: ignore[arg-type]
            pass


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws"),
        ("https://chat.example/prefix/", "wss://chat.example/prefix/ws"),
        ("https://chat.example/ws", "wss://chat.example/ws"),
        ("ws://127.0.0.1:8080/", "ws://127.0.0.1:8080/"),
    ],
)
def test_an_address_may_be_that_of_the_page(given: str, used: str) -> None:
    assert socket_url(given) == used


@pytest.mark.parametrize("given", ["127.0.0.1:8080", "ftp://127.0.0.1", "ws://"])
def test_an_address_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        socket_url(given)


def test_pauses_double_stay_bounded_and_are_never_the_same() -> None:
    full = [pause_seconds(0.4, 15.0, attempt, 1.0) for attempt in range(9)]
    assert full == [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0, 15.0]
    assert pause_seconds(0.4, 15.0, 10_000, 0.0) == 7.5
