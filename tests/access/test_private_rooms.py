"""A private room cannot be told from a room that nobody made, by text, status or list."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Open
from .people import NOBODY, World

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("join", {}),
    ("join", {"after": 1, "hash": "0" * 16}),
    ("chat", {"message": "hi"}),
    ("leave", {}),
    ("history", {}),
    ("history", {"around": 1}),
    ("users", {}),
    ("members", {}),
    ("room", {"topic": "x"}),
    ("room", {"access": "open"}),
    ("member", {"subject": "u-owner", "role": "none"}),
    ("member", {"username": "owner", "role": "banned", "reason": "x"}),
    ("member", {"username": "nobody", "role": "member"}),
    ("member", {"subject": "u-eve", "role": "none"}),
    ("member", {"subject": "u-eve", "role": "reader", "until": "2001-01-01T00:00:00Z"}),
    ("kick", {"username": "owner"}),
    ("kick", {"username": "nobody"}),
    ("redact", {"of": [1]}),
    ("redact", {"of": [99]}),
)
REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/events", None),
    ("HEAD", "/events", None),
    ("GET", "/events?proof=true", None),
    ("GET", "/events?before=1", None),
    ("GET", "/users", None),
    ("GET", "/users?at=1", None),
    ("GET", "/members", None),
    ("GET", "/sessions", None),
    ("GET", "/looks", None),
    ("GET", "/looks?before=2026-11-22&limit=1", None),
    ("GET", "/verify", None),
    ("GET", "/events/1/witnesses", None),
    ("PATCH", "", {"topic": "x"}),
    ("PATCH", "", {"topic": 1}),
    ("PATCH", "", {"access": "open"}),
    ("PUT", "/members/u-owner", {"role": "none"}),
    ("PUT", "/members/u-eve", {"role": "owner"}),
    ("PUT", "/members/u-eve", {}),
    ("POST", "/kick", {"subject": "u-owner"}),
    ("POST", "/redact", {"of": [1]}),
    ("POST", "/redact", {"of": [2]}),
)
WITHOUT_TIME = ("Date",)


@pytest.fixture
async def world(open_world: Open) -> World:
    return await open_world()


async def test_every_command_answers_as_for_a_room_that_nobody_made(world: World) -> None:
    owner = world.person("u-owner", "owner")
    room = await owner.make(access="private", topic="a secret")
    banned = world.person("u-banned", "banned one")
    await owner.appoint(room, "u-banned", "banned")
    former = world.person("u-former", "former")
    await owner.appoint(room, "u-former", "member")
    await owner.appoint(room, "u-former", "none")
    # The name is another's: whoever learnt that would know that the room was looked at.
    eve, taken = world.person("u-eve", "eve"), world.person("u-new", "owner")
    for person in (eve, banned, former, taken, world.person("u-app", "app", rooms={"x": "owner"})):
        async with person.socket() as socket:
            for type, fields in COMMANDS:
                real = await socket.ask(type, id="1", room=room, **fields)
                none = await socket.ask(type, id="1", room=NOBODY, **fields)
                assert real == none, (type, fields)
                assert real["code"] in ("room_unknown", "not_joined"), (type, fields, real)
                assert real["code"] == "room_unknown" or type in ("chat", "leave")


async def test_every_path_answers_as_for_a_room_that_nobody_made(world: World) -> None:
    owner = world.person("u-owner", "owner")
    room = await owner.make(access="private", topic="a secret")
    await owner.appoint(room, "u-banned", "banned")
    askers = [
        world.person("u-eve", "eve"),
        world.person("u-banned", "b"),
        world.person("u", "owner"),
    ]
    for person in askers:
        for method, path, body in REQUESTS:
            real = await person.request(method, f"/api/rooms/{quote(room)}{path}", body)
            none = await person.request(method, f"/api/rooms/{quote(NOBODY)}{path}", body)
            assert (real.status, real.text) == (none.status, none.text), (method, path)
            assert {k: v for k, v in real.headers.items() if k not in WITHOUT_TIME} == {
                k: v for k, v in none.headers.items() if k not in WITHOUT_TIME
            }
            assert real.status in (404, 400, 403), (method, path, real.text)
        assert room not in (await person.get("/api/rooms")).text


async def test_a_room_that_was_once_open_says_forbidden(world: World) -> None:
    owner, eve = world.person("owner"), world.person("eve")
    await owner.make("town", access="listed")
    await owner.request("PATCH", "/api/rooms/town", {"access": "private"})
    answer = await eve.get("/api/rooms/town/events")
    assert (answer.status, answer.code) == (403, "forbidden")
    async with eve.socket() as socket:
        assert (await socket.ask("join", room="town"))["code"] == "forbidden"
    assert "town" not in (await eve.get("/api/rooms")).text


async def test_a_private_room_that_opened_once_is_no_secret_any_more(world: World) -> None:
    owner, eve = world.person("owner"), world.person("eve")
    room = await owner.make(access="private")
    for access in ("open", "private"):
        await owner.request("PATCH", f"/api/rooms/{room}", {"access": access})
    assert (await eve.get(f"/api/rooms/{room}/events")).code == "forbidden"


@pytest.mark.parametrize("name", ["~", "~x", "~" + "a" * 21, "~" + "a" * 23, "~" + "-" * 22])
async def test_other_names_with_a_tilde_are_no_names(world: World, name: str) -> None:
    eve = world.person("eve")
    async with eve.socket() as socket:
        for type in ("join", "history", "users", "members"):
            assert (await socket.ask(type, room=name))["code"] == "room_invalid"
    assert (await eve.get(f"/api/rooms/{quote(name)}/events")).code == "room_invalid"


async def test_nobody_makes_a_private_room_but_by_create(world: World) -> None:
    eve = world.person("eve")
    async with eve.socket() as socket:
        assert (await socket.ask("join", room=NOBODY))["code"] == "room_unknown"
        given = await socket.ask("create", room=NOBODY, access="private")
        assert given["code"] == "bad_command"
        assert (await socket.ask("create", room=NOBODY))["code"] == "room_invalid"
        made = await socket.ask("create", access="private")
        assert made["room"][0] == "~"
        assert made["room"][1:].isalnum()
        assert len(made["room"]) == 23
        await socket.join(made["room"])


async def test_a_token_grants_a_role_in_a_private_room(world: World) -> None:
    owner = world.person("owner")
    room = await owner.make(access="private")
    async with world.person("eve", rooms={room: "member"}).socket() as socket:
        await socket.join(room)
        await socket.chat(room, "hi")
