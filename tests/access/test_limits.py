"""Limits on abuse: per user over all connections, per address; and what they answer."""

from __future__ import annotations

import asyncio
import itertools

import aiohttp
import pytest

from chatlog.settings import Settings
from chatlog.web import create_app
from tests.support.apps import browsing

from .conftest import Open
from .people import NOBODY, Person, Socket, World

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def test_chats_are_counted_over_all_connections_of_a_user(open_world: Open) -> None:
    world = await open_world(max_chats_per_second=2)
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    async with ada.socket() as one, ada.socket() as two, bob.socket() as his:
        for socket in (one, two, his):
            await socket.join("room")
        answers = [
            await socket.ask("chat", room="room", message="x")
            for socket in itertools.islice(itertools.cycle((one, two)), 14)
        ]
        refused = [one for one in answers if one["type"] == "error"]
        assert 2 <= len(refused) <= 4
        assert refused[0]["code"] == "rate_limited"
        assert 0 < refused[0]["retry_after"] <= 0.5
        assert (await his.ask("chat", room="room", message="x"))["type"] == "ack"


async def test_by_default_a_burst_of_five_seconds_is_let_through(open_world: Open) -> None:
    world = await open_world()
    async with world.person("u-1", "ada").socket() as socket:
        await socket.join("room")
        answers = [await socket.ask("chat", room="room", message="x") for _ in range(50)]
        assert {answer["type"] for answer in answers} == {"ack"}


async def test_in_open_mode_they_are_off(sqlite_url: str) -> None:
    app = create_app(Settings(database=sqlite_url))
    async with browsing(app) as client, client.ws_connect("/ws") as ws:
        socket = Socket(ws)
        await socket.join("room", username="ada")
        for number in range(100):
            await socket.send("chat", message="x", id=str(number))
        acks = 0
        while acks < 100:
            frame = await socket.receive()
            assert frame is not None
            assert frame["type"] != "error"
            acks += frame["type"] == "ack"


async def test_connections_of_a_user_are_counted(open_world: Open) -> None:
    world = await open_world(max_connections_per_user=2)
    ada = world.person("u-1", "ada")
    async with ada.socket(), ada.socket():
        ws = await world.http.ws_connect(world.url + "/ws", headers=ada.headers)
        assert await Socket(ws).closed() == 4429
        ws = await world.http.ws_connect(world.url + "/ws")
        socket = Socket(ws)
        await socket.send("auth", token=ada.token)
        assert await socket.closed() == 4429
        async with world.person("u-2", "bob").socket() as his:
            assert (await his.ask("ping"))["type"] == "pong"
    await _free(ada)


async def _free(person: Person) -> None:
    async with asyncio.timeout(5):
        while True:
            async with person.http.ws_connect(person.url + "/ws", headers=person.headers) as ws:
                message = await ws.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    return
            await asyncio.sleep(0.05)


async def code_of(world: World, forwarded: str | None) -> tuple[int | None, Socket]:
    lines = () if forwarded is None else forwarded.split("\n")
    headers = [("X-Forwarded-For", line) for line in lines]
    ws = await world.http.ws_connect(world.url + "/ws", headers=headers)
    socket = Socket(ws)
    await socket.send("ping", id="1")
    frame = await socket.receive()
    return (ws.close_code if frame is None else None), socket


@pytest.mark.parametrize(
    ("proxies", "addresses", "refused"),
    [
        # Nobody is trusted: what is forwarded is anybody's invention.
        ((), ("1.1.1.1", "2.2.2.2", "3.3.3.3"), True),
        (("127.0.0.1/32",), ("1.1.1.1", "2.2.2.2", "3.3.3.3"), False),
        (("127.0.0.1/32",), ("9.9.9.9, 1.1.1.1", "8.8.8.8, 1.1.1.1", "7.7.7.7,1.1.1.1"), True),
        # A line that the client invented, and the proxy's own after it.
        (("127.0.0.1/32",), ("1.1.1.1\n9.9.9.9", "2.2.2.2\n9.9.9.9", "3.3.3.3\n9.9.9.9"), True),
        (("127.0.0.1/32",), ("9.9.9.9\n1.1.1.1", "9.9.9.9\n2.2.2.2", "9.9.9.9\n3.3.3.3"), False),
        # Two proxies, of which the first to be reached names the second.
        (("127.0.0.1", "10.0.0.0/8"), ("1.1.1.1, 10.0.0.1", "2.2.2.2, 10.0.0.1", "3.3.3.3"), False),
        (("127.0.0.1", "10.0.0.0/8"), ("9.9.9.9, 10.0.0.1", "9.9.9.9, 10.0.0.2", "9.9.9.9"), True),
        # Others are trusted, but not the one who connects.
        (("10.0.0.0/8",), ("1.1.1.1", "2.2.2.2", "10.0.0.1"), True),
        (
            ("127.0.0.0/8",),
            ("1.1.1.1, 2001:db8::1", "2.2.2.2, [2001:db8::2]:80", "2001:db8::3"),
            True,
        ),
        (("127.0.0.0/8",), ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"), True),
        (("127.0.0.0/8",), ("2001:db8::1", "2001:db8:0:1::2", "2001:db8:0:2::3"), False),
        (("127.0.0.0/8",), ("nonsense", "nonsense 2", "nonsense 3"), True),
        (("127.0.0.0/8",), ("::ffff:1.1.1.1", "1.1.1.1:80", "1.1.1.1"), True),
    ],
)
async def test_connections_of_an_address_are_counted(
    open_world: Open, proxies: tuple[str, ...], addresses: tuple[str, ...], refused: bool
) -> None:
    world = await open_world(max_connections_per_address=2, trusted_proxy=proxies)
    found = [await code_of(world, address) for address in addresses]
    assert [code for code, _ in found[:2]] == [None, None]
    assert found[2][0] == (4429 if refused else None)


async def test_handshakes_of_foreign_origins_take_no_place_of_their_address(
    open_world: Open,
) -> None:
    world = await open_world(max_connections_per_address=2)
    for number in range(5):
        forged = {"Origin": "https://evil.example", "X-Forwarded-For": f"1.1.1.{number}"}
        assert (await world.holder(None).request("GET", "/ws", **UPGRADE, **forged)).status == 403
    found = [await code_of(world, None) for _ in range(3)]
    assert [code for code, _ in found] == [None, None, 4429]


async def test_only_rooms_that_were_made_are_counted(open_world: Open) -> None:
    world = await open_world(max_rooms_created_per_hour=3)
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await bob.make("taken")
    async with ada.socket() as socket:
        for _ in range(5):
            assert (await socket.ask("create", room="taken"))["code"] == "room_exists"
            assert (await socket.ask("join", room=NOBODY))["code"] == "room_unknown"
        first = await socket.ask("create", access="private", id="k")
        for _ in range(5):
            assert (await socket.ask("create", access="private", id="k"))["repeated"]
        assert first["type"] == "ack"
        await socket.join("new")
        await socket.join("taken")
        await ada.make("third")
        refused = await socket.ask("create", room="fourth")
        assert refused["code"] == "rate_limited"
        assert 0 < refused["retry_after"] <= 1_200
        assert (await socket.ask("join", room="fifth"))["code"] == "rate_limited"
        answer = await ada.request("POST", "/api/rooms", {"room": "fourth"})
        assert (answer.status, answer.code) == (429, "rate_limited")
        assert 0 < int(answer.headers["Retry-After"]) <= 1_200
        await bob.make("more")


async def test_rooms_made_at_once_are_counted_too(open_world: Open) -> None:
    world = await open_world(max_rooms_created_per_hour=3)
    ada = world.person("u-1", "ada")
    answers = await asyncio.gather(
        *(ada.request("POST", "/api/rooms", {"room": f"room {n}"}) for n in range(12))
    )
    assert sorted(answer.status for answer in answers) == [201] * 3 + [429] * 9
