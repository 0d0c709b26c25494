"""A hook where people prove who they are: its name is its own, and it is a member of its room."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chatlog.domain.errors import ChatlogError
from tests.access.conftest import Open
from tests.access.people import NOBODY, Person, World, events, shape
from tests.cli.command import chatlog

from .conftest import created, shell


async def post(world: World, path: str, text: str = "x", **more: Any) -> tuple[int, str | None]:
    answer = await world.holder(None).request("POST", path, {"text": text, **more})
    return answer.status, answer.code


async def settle(ada: Person, room: str, **change: Any) -> None:
    answer = await ada.request("PATCH", f"/api/rooms/{room}", change)
    assert answer.status == 200, answer.text


async def test_it_is_let_in_on_record_and_goes_on_when_the_room_turns_private(
    open_world: Open, sqlite_url: str
) -> None:
    world = await open_world()
    ada = world.person("u-1", "ada")
    room = await ada.make("desk", access="listed")
    path = await created(sqlite_url, room)
    assert shape((await events(ada, room))[-1]) == ("member", "CI", "member", None, "operator")
    await settle(ada, room, access="private")
    assert await post(world, path, username="deploy") == (200, None)
    told = (await events(ada, room))[-1]
    assert (told["username"], told["via"]) == ("CI (deploy)", "hook:CI")
    found = await shell(sqlite_url, "hook-remove", which="CI")
    assert found["room"] == room


async def test_it_may_no_more_than_a_member(open_world: Open, sqlite_url: str) -> None:
    world = await open_world()
    ada = world.person("u-1", "ada")
    for access in ("open", "listed", "private"):
        room = await ada.make(None if access == "private" else f"a {access} room", access=access)
        path = await created(sqlite_url, room, f"CI of {access}")
        await settle(ada, room, locked=True)
        assert await post(world, path) == (403, "forbidden")
        await settle(ada, room, locked=False)
        assert await post(world, path) == (200, None)
        ban = {"username": f"CI of {access}", "role": "banned"}
        async with ada.socket() as socket:
            await socket.ask("member", room=room, **ban)
        assert await post(world, path) == (403, "forbidden"), access


async def test_it_is_banned_by_its_subject_too(open_world: Open, sqlite_url: str) -> None:
    world = await open_world()
    ada = world.person("u-1", "ada")
    room = await ada.make("desk")
    path = await created(sqlite_url, room)
    listed = (await ada.get(f"/api/rooms/{room}/members")).body["members"]
    (subject,) = [one["subject"] for one in listed if one["username"] == "CI"]
    await ada.appoint(room, subject, "banned")
    assert await post(world, path) == (403, "forbidden")
    for impostor in (subject, "(hook:other)"):
        answer = await world.person(impostor, "eve").get("/api/me")
        assert (answer.status, answer.code) == (401, "token_invalid")


async def test_its_room_is_exported_and_restored(
    open_world: Open, sqlite_url: str, tmp_path: Path
) -> None:
    world = await open_world()
    room = await world.person("u-1", "ada").make("desk")
    assert await post(world, await created(sqlite_url, room), username="deploy") == (200, None)
    other = f"sqlite:///{tmp_path}/other.db"
    exported = (await asyncio.to_thread(chatlog, "export", room, "--database", sqlite_url)).stdout
    file = tmp_path / "desk.jsonl"
    file.write_text(exported)
    await asyncio.to_thread(chatlog, "import", file, "--room", room, "--database", other)
    again = await asyncio.to_thread(chatlog, "export", room, "--database", other)
    assert again.stdout == exported
    assert "CI (deploy)" in exported


async def test_it_does_not_come_back_by_being_made_again(open_world: Open, sqlite_url: str) -> None:
    world = await open_world()
    ada = world.person("u-1", "ada")
    room = await ada.make("desk", access="listed")
    await created(sqlite_url, room)
    async with ada.socket() as socket:
        await socket.ask("member", room=room, username="CI", role="banned")
    await shell(sqlite_url, "hook-remove", which="CI")
    assert await post(world, await created(sqlite_url, room)) == (403, "forbidden")


async def test_its_name_is_nobody_elses(open_world: Open, sqlite_url: str) -> None:
    world = await open_world()
    ada = world.person("u-1", "ada")
    room = await ada.make("desk")
    for taken in ("ada", "аda"):
        with pytest.raises(ChatlogError, match="is taken"):
            await created(sqlite_url, room, taken)
    await created(sqlite_url, room)
    eve = world.person("u-2", "CI")
    async with eve.socket() as socket:
        assert (await socket.ask("join", room=room))["code"] == "username_taken"


async def test_its_room_must_exist(open_world: Open, sqlite_url: str) -> None:
    await open_world()
    for room in ("nowhere", NOBODY):
        with pytest.raises(ChatlogError, match="no room of this name"):
            await created(sqlite_url, room)


async def test_its_limit_is_a_persons(open_world: Open, sqlite_url: str) -> None:
    world = await open_world(max_chats_per_second=1.0)
    room = await world.person("u-1", "ada").make("desk")
    path = await created(sqlite_url, room)
    answers = await asyncio.gather(*(post(world, path, str(n)) for n in range(20)))
    assert (429, "rate_limited") in answers
    assert 1 <= answers.count((200, None)) < 20


async def test_two_at_once_are_one(open_world: Open, sqlite_url: str) -> None:
    world = await open_world()
    ada = world.person("u-1", "ada")
    room = await ada.make("desk")
    path = await created(sqlite_url, room)
    headers = {"Idempotency-Key": "k"}
    asked = [
        world.holder(None).request("POST", path, {"text": "once"}, **headers) for _ in range(8)
    ]
    assert [answer.text for answer in await asyncio.gather(*asked)] == ["ok"] * 8
    said = [event for event in await events(ada, room) if event["type"] == "chat"]
    assert [event["message"] for event in said] == ["once"]
