"""Too much, too large, not text, from elsewhere: refused in the contract's words, from outside.

Whoever is refused harms nobody: a witness is in the room all the while, and chats at the end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.raw import BINARY, TEXT, RawClient

from .conftest import Serve

ROOM = "general"


@pytest.fixture
async def clients(serve: Serve, sqlite_url: str) -> AsyncIterator[Clients]:
    """A run with a witness in the room, for whom all goes on as ever."""
    async with Clients(await serve(sqlite_url)) as clients:
        witness = await clients.connect("witness")
        await witness.join(ROOM)
        yield clients
        await witness.chat(ROOM, "all is well")
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)


async def bare(clients: Clients, name: str) -> RawClient:
    client = await clients.connect_bare(name)
    await client.send("join", room=ROOM, username=name, id="join")
    await client.wait("caught_up")
    return client


async def code_of(client: Client, kind: str, **fields: object) -> str:
    answer = await client.ask(kind, **fields)
    assert answer.type == "error", answer.raw
    return str(answer.data["code"])


# --- limits ------------------------------------------------------------------------------------


async def test_the_hundred_and_first_room_is_refused_and_a_left_one_makes_place(
    clients: Clients,
) -> None:
    ada = await clients.connect("ada")
    for number in range(100):
        await ada.join(f"room {number}")
    assert await code_of(ada, "join", room="room 100", username="ada") == "too_many_rooms"
    await ada.leave("room 5")
    await ada.join("room 100")
    await ada.close()


async def test_a_message_of_8192_bytes_is_taken_and_one_byte_more_is_refused(
    clients: Clients,
) -> None:
    ada = await clients.connect("ada")
    await ada.join(ROOM)
    await ada.chat(ROOM, "é" * 4096)
    assert await code_of(ada, "chat", room=ROOM, message="é" * 4096 + "!") == "message_too_long"


async def chat_a_lot(client: Client, chats: int) -> Counter[str]:
    """Send chats without waiting; count the acks, and the refusals by code."""
    answers = [await client.submit("chat", room=ROOM, message=f"{n}") for n in range(chats)]
    async with asyncio.timeout(60):
        return Counter([(await answer).data.get("code", "ack") for answer in answers])


async def test_ten_thousand_chats_at_once_are_each_answered(clients: Clients) -> None:
    ada = await clients.connect("ada")
    await ada.join(ROOM)
    outcomes = await chat_a_lot(ada, 10_000)
    assert set(outcomes) <= {"ack", "overloaded"}
    assert outcomes["ack"] > 0


async def test_what_finds_the_queue_full_is_refused_and_never_in_the_log(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url, "--max-waiting-commands", "20")
    async with Clients(server) as clients:
        talkers = [await clients.connect(f"talker {n}") for n in range(4)]
        await asyncio.gather(*(talker.join(ROOM) for talker in talkers))
        outcomes = await asyncio.gather(*(chat_a_lot(talker, 1_000) for talker in talkers))
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)
    total = sum(outcomes, Counter())
    assert set(total) == {"ack", "overloaded"}, total


async def test_who_talks_faster_than_the_limit_is_refused_beyond_a_burst(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--max-chats-per-second", "10")
    async with Clients(server) as clients:
        ada, bob = await clients.connect("ada"), await clients.connect("bob")
        await asyncio.gather(ada.join(ROOM), bob.join(ROOM))
        outcomes = await chat_a_lot(ada, 90)
        await bob.chat(ROOM, "I have not said a word")
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)
    assert set(outcomes) == {"ack", "rate_limited"}, outcomes


async def test_one_more_connection_than_the_limit_is_closed_with_4429(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--max-connections", "3")
    async with Clients(server) as clients:
        members = [await clients.connect(f"member {n}") for n in range(3)]
        await asyncio.gather(*(member.join(ROOM) for member in members))
        extra = await clients.connect_bare("extra")
        assert extra.status == 101
        assert (await extra.read_to_end()).code == 4429
        await members[0].close()
        await members[1].wait(lambda f: f.is_leave)
        newcomer = await clients.connect("newcomer")
        await newcomer.join(ROOM)
        await newcomer.close()
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)


# --- frames that end a connection --------------------------------------------------------------


async def test_a_frame_over_the_limit_ends_the_connection_with_1009(clients: Clients) -> None:
    ada = await bare(clients, "ada")
    await ada.send_frame(b" " * (64 * 1024 + 1))
    assert (await ada.read_to_end()).code == 1009


async def test_a_binary_frame_ends_the_connection_with_1003(clients: Clients) -> None:
    ada = await bare(clients, "ada")
    await ada.send_frame(b'{"type":"ping"}', BINARY)
    assert (await ada.read_to_end()).code == 1003


async def test_a_frame_that_is_not_utf8_ends_the_connection_with_1007(clients: Clients) -> None:
    ada = await bare(clients, "ada")
    await ada.send_frame(b'{"type":"chat","message":"caf\xe9"}', TEXT)
    assert (await ada.read_to_end()).code == 1007


async def test_a_hundred_bad_commands_within_a_minute_end_the_connection_with_4400(
    clients: Clients,
) -> None:
    ada = await bare(clients, "ada")
    for _ in range(100):
        await ada.send_frame(b'{"type":')
    closed = await ada.read_to_end()
    errors = [frame for frame in ada.connection.frames if frame.type == "error"]
    assert closed.code == 4400
    assert {frame.data["code"] for frame in errors} == {"bad_json"}
    assert len(errors) in (99, 100)


async def test_ninety_nine_bad_commands_are_forgiven(clients: Clients) -> None:
    ada = await clients.connect("ada")
    for _ in range(99):
        assert await code_of(ada, "dance") == "unknown_type"
    await ada.join(ROOM)


async def test_a_client_that_vanishes_without_a_word_leaves(clients: Clients) -> None:
    watcher = await clients.connect("watcher")
    await watcher.join(ROOM)
    ada = await bare(clients, "ada")
    ada.close()
    left = await watcher.wait(lambda f: f.is_leave and f.data["username"] == "ada")
    assert left.data["cause"] == "disconnected"


# --- who may connect ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_a_page_from_elsewhere_may_not_connect(clients: Clients, path: str) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1.evil.example"):
        refused = await clients.connect_bare("page", path=path, headers={"Origin": origin})
        assert refused.status == 403, origin
        refused.close()


@pytest.mark.parametrize("path", ["/", "/ws"])
async def test_a_page_of_our_own_may_connect(clients: Clients, path: str) -> None:
    for host in ("127.0.0.1", "localhost"):
        own = f"{host}:{clients.server.port}"
        page = await clients.connect_bare(
            "page",
            path=path,
            headers={"Origin": f"http://{own}", "Host": own},
        )
        assert page.status == 101
        page.close()


@pytest.mark.parametrize("path", ["/", "/ws", "/api/rooms", "/metrics"])
async def test_a_foreign_host_is_refused(clients: Clients, path: str) -> None:
    headers = {"Host": "rebound.example"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(clients.server.url + path, headers=headers) as response,
    ):
        assert response.status == 403
        assert "access-control-allow-origin" not in response.headers
