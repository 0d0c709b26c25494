"""Names: owned by subjects, no look-alikes, renames; and what tokens grant by their `rooms`."""

from __future__ import annotations

import pytest

from chatlog.settings import Settings
from chatlog.web import create_app
from tests.support.apps import browsing, frame_of

from .conftest import Open
from .people import Person, World
from .times import in_seconds


@pytest.fixture
async def world(open_world: Open) -> World:
    return await open_world()


async def events(person: Person, room: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await person.get(f"/api/rooms/{room}/events")).body["events"]
    return found


@pytest.mark.parametrize("name", ["ada", "\u0430d\u0430", "\u0251da"])
async def test_a_name_or_its_look_alike_is_taken_at_the_first_event(
    world: World, name: str
) -> None:
    async with world.person("u-1", "ada").socket() as socket:
        await socket.join("room")
    other = world.person("u-2", name)
    assert (await other.get("/api/rooms/room/events")).status == 200
    async with other.socket() as socket:
        assert socket.greeting["username"] == name
        assert (await socket.ask("users", room="room"))["type"] == "users"
        assert (await socket.ask("join", room="room"))["code"] == "username_taken"
        assert (await socket.ask("create", room="new"))["code"] == "username_taken"
    answer = await other.request("POST", "/api/rooms", {"room": "new"})
    assert (answer.status, answer.code) == (409, "username_taken")
    assert len(await events(other, "room")) == 3


async def test_one_who_only_reads_takes_no_name(world: World) -> None:
    async with world.person("u-0", "zoe").socket() as socket:
        await socket.join("room")
    await world.person("u-1", "ada").get("/api/rooms/room/events")
    async with world.person("u-1", "ada").socket() as socket:
        await socket.ask("history", room="room")
    async with world.person("u-2", "ada").socket() as socket:
        await socket.join("room")


async def test_a_rename_shows_from_the_next_join_and_ids_stay_known(world: World) -> None:
    before, after = world.person("u-1", "ada"), world.person("u-1", "countess")
    async with before.socket() as socket:
        await socket.join("room")
        first = await socket.chat("room", "one", id="c-1")
        async with after.socket() as renamed:
            assert renamed.greeting["username"] == "countess"
            await renamed.join("room")
            await renamed.chat("room", "two")
            await renamed.ask("room", room="room", topic="mine")
        await socket.ask("leave", room="room")
    told = await events(after, "room")
    assert {event["username"] for event in told} == {"ada"}
    async with after.socket() as socket:
        await socket.join("room")
        again = await socket.ask("chat", room="room", message="one", id="c-1")
        assert again == {**first, "id": "c-1", "repeated": True}
        await socket.chat("room", "three")
    said = [e["username"] for e in await events(after, "room") if e.get("message") == "three"]
    assert said == ["countess"]
    assert (await events(after, "room"))[0]["username"] == "ada"
    async with world.person("u-2", "ada").socket() as socket:
        assert (await socket.ask("join", room="room"))["code"] == "username_taken"
    async with before.socket() as socket:
        await socket.join("room")
        await socket.chat("room", "back to the old name")
    told = [e for e in await events(after, "room") if e.get("message") == "back to the old name"]
    assert [event["username"] for event in told] == ["ada"]


async def test_without_a_name_a_subject_keeps_its_present_one(world: World) -> None:
    async with world.person("u-1", "ada").socket() as socket:
        await socket.join("room")
    nameless = world.holder(world.issuer.token("u-1"))
    async with nameless.socket() as socket:
        assert socket.greeting["username"] == "ada"
        await socket.join("room", username="ada")
    async with world.holder(world.issuer.token("u-2")).socket() as socket:
        assert socket.greeting["username"] == "u-2"
        await socket.join("room")
    assert "u-2" in {event["username"] for event in await events(nameless, "room")}


@pytest.mark.parametrize("subject", ["a" * 100, " x", "a\u200bb"])
async def test_a_subject_that_is_no_username_needs_a_name(world: World, subject: str) -> None:
    async with world.holder(world.issuer.token(subject)).socket() as socket:
        assert (await socket.ask("join", room="room"))["code"] == "token_invalid"
    async with world.person(subject, "named").socket() as socket:
        await socket.join("room")


async def test_a_join_may_only_repeat_the_name_of_the_token(world: World) -> None:
    async with world.person("u-1", "ada").socket() as socket:
        assert (await socket.ask("join", room="room", username="bob"))["code"] == "forbidden"
        await socket.join("room", username="ada")
    assert (await world.person("u-1", "ada").get("/api/rooms")).body["rooms"][0]["room"] == "room"


async def test_users_of_open_mode_never_become_a_subjects(
    sqlite_url: str, open_world: Open
) -> None:
    app = create_app(Settings(database=sqlite_url))
    async with browsing(app) as client, client.ws_connect("/ws") as ws:
        await ws.send_json({"type": "join", "room": "old", "username": "ada"})
        await frame_of(ws, "caught_up")
        await ws.send_json({"type": "chat", "message": "hello", "id": "c-1"})
        await frame_of(ws, "ack")
    world = await open_world()
    async with world.person("u-1", "ada").socket() as socket:
        await socket.join("old")
        ack = await socket.chat("old", "hello", id="c-1")
        assert "repeated" not in ack
        listed = (await socket.ask("members", room="old"))["members"]
        assert listed == []
        answer = await socket.ask("room", room="old", topic="mine")
        assert answer["code"] == "forbidden"
    root = world.person("root", scope="admin")
    await root.appoint("old", "u-1", "owner")
    assert (await events(root, "old"))[-1]["member"] == "ada"


async def test_a_claim_is_applied_at_the_first_use(world: World) -> None:
    ada = world.person("u-1", "ada")
    for room in ("one", "two", "three"):
        await ada.make(room, access="listed")
    given = dict.fromkeys(("one", "two", "three", "none"), "reader")
    bob = world.person("u-2", "bob", rooms=given)
    assert (await bob.get("/api/rooms/one/events")).status == 200
    async with bob.socket() as socket:
        assert (await socket.ask("history", room="two"))["type"] == "history"
        await socket.join("three")
        assert (await socket.ask("chat", room="three", message="x"))["code"] == "forbidden"
        assert (await socket.ask("history", room="none"))["code"] == "room_unknown"
    for room in ("one", "two", "three"):
        event = (await events(ada, room))[2]
        assert (event["type"], event["member"], event["role"]) == ("member", "bob", "reader")
        assert (event["username"], event["subject"]) == ("(token)", "u-2")
    assert (await bob.get("/api/rooms/none/events")).status == 404
    assert (await ada.get("/api/rooms/none/events")).status == 404
    await bob.get("/api/rooms/one/events")
    assert len(await events(ada, "one")) == 3


async def test_a_role_that_a_person_gave_stands(world: World) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("one", access="listed")
    for role in ("banned", "none", "reader"):
        await ada.appoint("one", "u-2", role)
        bob = world.person("u-2", "bob", rooms={"one": "owner"})
        async with bob.socket() as socket:
            answer = await socket.ask("join", room="one")
            assert answer.get("code") == (None if role == "reader" else "forbidden")
            assert (await socket.ask("room", room="one", topic="x"))["code"] == "forbidden"
    assert not [e for e in await events(ada, "one") if e["username"] == "(token)"]


async def test_a_claim_follows_the_token_and_takes_nothing_away(world: World) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("one", access="listed")
    for role, rooms in (
        ("reader", {"one": "reader"}),
        ("member", {"one": "member"}),
        ("member", {}),
    ):
        bob = world.person("u-2", "bob", rooms=rooms)
        assert (await bob.get("/api/rooms/one/events")).status == 200
        last = (await events(ada, "one"))[-1]
        assert (last["type"], last["role"]) == ("member", role)


async def test_a_claim_that_has_shrunk_leaves_the_last_owner_one(
    open_world: Open, database_url: str
) -> None:
    world = await open_world(database_url)
    async with world.person("u-1", "ada", rooms={"one": "owner"}).socket() as socket:
        await socket.join("one")
        for role in ("moderator", "none", "banned"):
            ada = world.person("u-1", "ada", rooms={"one": role})
            assert (await ada.get("/api/rooms/one/events")).status == 200
            async with ada.socket() as other:
                await other.join("one")
                assert (await other.ask("history", room="one"))["type"] == "history"
                assert (await other.ask("room", room="one", locked=role == "none"))["type"] == "ack"
        told = [event for event in await events(ada, "one") if event["type"] == "member"]
        assert [event["role"] for event in told] == ["owner"]
        await socket.chat("one", "still here")
        await ada.appoint("one", "u-2", "owner")
    less = world.person("u-1", "ada", rooms={"one": "member"})
    async with less.socket() as socket:
        await socket.join("one")
        assert (await socket.ask("room", room="one", access="listed"))["code"] == "forbidden"
    last = [event for event in await events(less, "one") if event["type"] == "member"][-1]
    assert (last["role"], last["username"]) == ("member", "(token)")


async def test_a_claim_that_takes_a_role_away_ends_the_sessions(world: World) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("one", access="listed")
    async with world.person("u-2", "bob", rooms={"one": "member"}).socket() as socket:
        await socket.join("one")
        banned = world.person("u-2", "bob", rooms={"one": "banned"})
        assert (await banned.get("/api/rooms/one/events")).code == "forbidden"
        assert (await socket.ask("chat", room="one", message="x"))["code"] == "not_joined"
    told = (await events(ada, "one"))[-2:]
    assert (told[0]["type"], told[1]["event"], told[1]["by"]) == ("member", "leave", "(token)")


async def test_a_room_that_a_claim_makes_has_the_role_of_the_claim(world: World) -> None:
    async with world.person("u-1", "ada", rooms={"new": "member"}).socket() as socket:
        await socket.join("new")
        told = await socket.ask("history", room="new")
    first = told["events"][0]
    assert (first["role"], first["username"], first["member"]) == ("member", "(token)", "ada")


async def test_reading_by_a_claim_needs_no_name(world: World) -> None:
    async with world.person("u-1", "ada").socket() as socket:
        await socket.ask("create", room="one", access="listed")
    other = world.person("u-2", "ada", rooms={"one": "member"})
    answer = await other.get("/api/rooms/one/events")
    assert answer.status == 200, answer.text
    assert answer.body["events"][-1]["member"] == "u-2"
    async with other.socket() as socket:
        assert (await socket.ask("join", room="one"))["code"] == "username_taken"


async def test_an_end_of_a_claimed_role_by_a_person_stands(world: World) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("one", access="listed")
    bob = world.person("u-2", "bob", rooms={"one": "member"})
    async with bob.socket() as socket:
        await socket.join("one")
        await ada.appoint("one", "u-2", "reader", until=in_seconds(1))
        assert (await socket.ask("chat", room="one", message="x"))["code"] == "forbidden"
