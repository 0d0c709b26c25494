"""Clients of the tutorial that this grew from work on ``/`` unchanged, and its faults are gone.

They send two messages and know three frames by a few keys each: anything more has to be
of no harm to them. They send no ``id``, name no room in a chat, and leave by closing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.frames import Frame

from .conftest import Serve


@pytest.fixture
async def clients(serve: Serve, database_url: str) -> AsyncIterator[Clients]:
    async with Clients(await serve(database_url)) as clients:
        yield clients
    assert_holds(clients.record)


async def tutorial_client(clients: Clients, username: str, room: str = "lobby") -> Client:
    """Connect as the tutorial's page does, join, and wait for the list of users."""
    client = await clients.connect(username, path="/")
    await client.send({"type": "join", "room": room, "username": username})
    await client.wait(lambda f: f.type == "users")
    return client


async def say(client: Client, message: str) -> None:
    await client.send({"type": "chat", "message": message})


def message(text: str) -> dict[str, str]:
    return {"type": "notification", "message": text}


async def sees(client: Client, wanted: dict[str, str]) -> Frame:
    """Wait for a frame that has, in the tutorial's words, these keys and values."""
    return await client.wait(lambda f: wanted.items() <= f.data.items())


async def test_a_joiner_is_in_its_own_list(clients: Clients) -> None:
    ada = await tutorial_client(clients, "ada")
    assert (await sees(ada, {"type": "users"})).data["users"] == ["ada"]
    bob = await tutorial_client(clients, "bob")
    assert (await sees(bob, {"type": "users"})).data["users"] == ["ada", "bob"]


async def test_the_others_are_told_of_a_join_and_of_a_leave(clients: Clients) -> None:
    ada = await tutorial_client(clients, "ada")
    bob = await tutorial_client(clients, "bob")
    await sees(ada, message("bob joined the room."))
    await bob.close()
    await sees(ada, message("bob left the room."))


async def test_a_chat_goes_to_everybody_in_the_room_and_to_nobody_else(clients: Clients) -> None:
    ada = await tutorial_client(clients, "ada")
    bob = await tutorial_client(clients, "bob")
    eve = await tutorial_client(clients, "eve", room="elsewhere")
    await say(ada, "hello")
    for client in (ada, bob):
        await sees(client, {"type": "chat", "message": "hello", "username": "ada"})
    await say(eve, "nobody here")
    await sees(eve, {"type": "chat", "username": "eve"})
    assert all(frame.room == "elsewhere" for frame in eve.connection.frames)


async def test_who_joins_a_second_room_chats_there_and_leaves_both_on_closing(
    clients: Clients,
) -> None:
    ada = await tutorial_client(clients, "ada", room="first")
    bob = await tutorial_client(clients, "bob", room="second")
    eve = await tutorial_client(clients, "eve", room="first")
    await eve.send({"type": "join", "room": "second", "username": "eve"})
    await eve.wait(lambda f: f.type == "caught_up" and f.room == "second")
    await say(eve, "in the second")
    assert (await sees(bob, {"type": "chat", "username": "eve"})).room == "second"
    await eve.close()
    for client in (ada, bob):
        await sees(client, message("eve left the room."))
    late = await tutorial_client(clients, "late", room="first")
    assert (await sees(late, {"type": "users"})).data["users"] == ["ada", "late"]


async def test_a_chat_before_any_join_is_refused_and_the_connection_goes_on(
    clients: Clients,
) -> None:
    ada = await clients.connect("ada", path="/")
    await say(ada, "is anybody there?")
    await sees(ada, {"type": "error", "code": "not_joined"})
    await ada.send({"type": "join", "room": "lobby", "username": "ada"})
    await sees(ada, {"type": "users"})


async def test_the_same_name_twice_is_one_user_who_leaves_with_the_last_tab(
    clients: Clients,
) -> None:
    ada = await tutorial_client(clients, "ada")
    tab, other = await tutorial_client(clients, "bob"), await tutorial_client(clients, "bob")
    assert (await sees(other, {"type": "users"})).data["users"] == ["ada", "bob"]
    await tab.close()
    await ada.wait(lambda f: f.type == "session" and f.is_leave)
    await say(other, "still here")
    await sees(ada, {"type": "chat", "username": "bob"})
    await other.close()
    await sees(ada, message("bob left the room."))
