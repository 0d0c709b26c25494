"""Rooms and roles as events: what appends them, in which order, and what is acknowledged."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Open
from .people import Frame, World, events, shape
from .times import in_seconds


async def test_the_joiner_of_a_new_name_becomes_its_owner(world: World) -> None:
    ada = world.person("u-1", "ada")
    async with ada.socket() as socket:
        await socket.join("new")
        first, second = await events(ada, "new")
    assert (first["seq"], second["seq"]) == (1, 2)
    assert shape(first) == ("member", "ada", "owner", None, "ada")
    assert first["subject"] == "u-1"
    assert (second["event"], second["username"]) == ("join", "ada")


async def test_members_are_listed_under_the_names_they_have_now(world: World) -> None:
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    async with ada.socket() as socket:
        await socket.ask("create", room="made", members={"u-2": "reader", "u-3": "reader"})
    async with bob.socket() as socket:
        await socket.join("made")
    answer = await ada.get("/api/rooms/made/members")
    named = [(one["subject"], one["username"]) for one in answer.body["members"]]
    assert named == [("u-1", "ada"), ("u-2", "bob"), ("u-3", "u-3")]


async def test_a_creation_is_a_room_event_and_then_its_members(world: World) -> None:
    ada = world.person("u-1", "ada")
    members = {"u-2": "moderator", "u-1": "reader", "u-3": "banned"}
    async with ada.socket() as socket:
        ack = await socket.ask("create", room="made", topic="t", members=members)
    assert (ack["type"], ack["room"], ack["seq"], "repeated" in ack) == ("ack", "made", 4, False)
    told = await events(ada, "made")
    assert [(e["type"], e.get("member"), e.get("role")) for e in told] == [
        ("room", None, None),
        ("member", "ada", "owner"),
        ("member", "u-2", "moderator"),
        ("member", "u-3", "banned"),
    ]
    assert {k: told[0][k] for k in ("access", "history", "topic", "locked", "username")} == {
        "access": "open",
        "history": "all",
        "topic": "t",
        "locked": False,
        "username": "ada",
    }
    assert told[-1]["hash"] == ack["hash"]


async def test_a_repeated_creation_gets_the_first_ack(world: World) -> None:
    ada = world.person("u-1", "ada")
    fields = {"id": "k", "access": "private", "members": {"u-2": "member"}}
    async with ada.socket() as socket:
        first = await socket.ask("create", **fields)
        await socket.ask("member", room=first["room"], subject="u-5", role="reader")
        assert await socket.ask("create", **fields) == {**first, "repeated": True}
        assert first["seq"] == 3
    headers = {"Idempotency-Key": "k"}
    again = await ada.request("POST", "/api/rooms", {"access": "private"}, **headers)
    assert (again.status, again.body["room"], again.body["seq"]) == (200, first["room"], 3)
    assert again.body["repeated"]
    renamed = world.person("u-1", "ada the second")
    again = await renamed.request("POST", "/api/rooms", {"access": "private"}, **headers)
    assert again.body["room"] == first["room"]
    other = world.person("u-2", "bob")
    theirs = await other.request("POST", "/api/rooms", {"access": "private"}, **headers)
    assert theirs.status == 201
    assert theirs.body["room"] != first["room"]


async def test_create_is_answered_without_an_id(world: World) -> None:
    async with world.person("ada").socket() as socket:
        await socket.send("create", room="unnamed")
        ack = await socket.next("ack", "error")
        assert (ack["type"], ack["room"], ack["seq"]) == ("ack", "unnamed", 2)


async def test_a_name_that_is_in_use_cannot_be_created(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    await ada.make("once")
    assert (await bob.request("POST", "/api/rooms", {"room": "once"})).code == "room_exists"
    assert (await ada.request("POST", "/api/rooms", {"room": "once"})).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"room": "x", "members": {"(erased)": "member"}},
        {"room": "x", "members": {"": "member"}},
        {"room": "x", "members": {"a\u0000": "member"}},
        {"room": "x", "members": {"a": "king"}},
        {"room": "x", "topic": "a" * 1_025},
        {"room": "x", "topic": "a\u0007"},
        {"room": "x", "id": "a\u0000"},
        {"room": "x", "id": ""},
        {"room": "x", "id": "a" * 65},
        {"access": "open"},
        {"room": "x", "access": "private"},
        {"room": "x", "history": "some"},
    ],
)
async def test_what_is_not_in_form_makes_nothing(world: World, body: dict[str, Any]) -> None:
    ada = world.person("ada")
    answer = await ada.request("POST", "/api/rooms", body)
    assert (answer.status, answer.code) == (400, "bad_command")
    async with ada.socket() as socket:
        await socket.send("create", **body)
        assert (await socket.next("error", "ack"))["code"] == "bad_command"
    assert (await ada.get("/api/rooms")).body["rooms"] == []


async def test_what_changes_nothing_is_acknowledged_with_the_head(world: World) -> None:
    ada = world.person("u-1", "ada")
    room = await ada.make(access="private")
    await ada.appoint(room, "u-2", "reader")
    head = (await events(ada, room))[-1]
    async with ada.socket() as socket:
        for type, fields in (
            ("member", {"subject": "u-2", "role": "reader"}),
            ("member", {"subject": "u-9", "role": "none"}),
            ("kick", {"subject": "u-2"}),
            ("kick", {"username": "nobody of this name"}),
            ("room", {"locked": False, "access": "private", "topic": ""}),
        ):
            ack = await socket.ask(type, room=room, **fields)
            assert (ack["seq"], ack["hash"], ack["repeated"]) == (3, head["hash"], True), type
    assert len(await events(ada, room)) == 3


async def test_the_last_owner_stays_one(world: World) -> None:
    ada, root = world.person("u-1", "ada"), world.person("root", scope="admin")
    room = await ada.make(access="private")
    for person in (ada, root):
        for role in ("none", "banned", "moderator"):
            for fields in ({}, {"until": in_seconds(3_600)}):
                path = f"/api/rooms/{room}/members/u-1"
                answer = await person.request("PUT", path, {"role": role, **fields})
                assert (answer.status, answer.code) == (403, "forbidden")
    assert len(await events(ada, room)) == 2
    await ada.appoint(room, "u-2", "owner")
    await ada.appoint(room, "u-1", "none")
    assert (await ada.get(f"/api/rooms/{room}/events")).code == "room_unknown"


async def test_an_owner_has_no_end(world: World) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("room")
    body = {"role": "owner", "until": in_seconds(60)}
    assert (await ada.request("PUT", "/api/rooms/room/members/u-2", body)).status == 400


@pytest.mark.parametrize(
    "until", ["2001-01-01T00:00:00Z", "soon", "2999-01-01", "2999-01-01T00:00"]
)
async def test_an_end_is_a_time_in_the_future(world: World, until: str) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("room")
    body = {"role": "reader", "until": until}
    answer = await ada.request("PUT", "/api/rooms/room/members/u-2", body)
    assert answer.code == "bad_command"


async def test_members_leave_but_not_those_who_are_limited(world: World) -> None:
    ada = world.person("u-1", "ada")
    await ada.make("room", access="listed")
    for subject, role, fields, status in (
        ("m-1", "member", {}, 200),
        ("m-2", "moderator", {}, 200),
        ("m-3", "reader", {}, 403),
        ("m-4", "banned", {}, 403),
        ("m-5", "member", {"until": in_seconds(3_600)}, 403),
    ):
        await ada.appoint("room", subject, role, **fields)
        path = f"/api/rooms/room/members/{subject}"
        answer = await world.person(subject).request("PUT", path, {"role": "none"})
        assert answer.status == status, (subject, answer.text)


async def test_redact_erases_chats_topics_and_reasons_and_nothing_else(world: World) -> None:
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    async with ada.socket() as hers, bob.socket() as his:
        await hers.ask("create", room="room", topic="a secret topic")  # 1, 2
        await hers.ask("room", room="room", locked=False, history="since_member")  # 3
        await hers.ask("member", room="room", subject="u-2", role="member", reason="a secret")  # 4
        await his.join("room")  # 5
        await his.chat("room", "a secret said")  # 6
        await hers.ask("kick", room="room", subject="u-2", reason="a secret cause")  # 7
        for of in ([2], [5], [99], [6, 5]):
            assert (await hers.ask("redact", room="room", of=of))["code"] == "bad_command", of
        ack = await hers.ask("redact", room="room", of=[1, 4, 6, 7], reason="asked for")
        assert ack["type"] == "ack"
        told = await events(ada, "room")
        assert [e["topic"] for e in told if e["type"] == "room"] == ["", ""]
        assert "reason" not in told[3]
        assert (told[5]["message"], told[5]["erased"]) == ("", True)
        assert "reason" not in told[6]
        answer = await ada.get("/api/rooms")
        assert "secret" not in answer.text


async def test_without_redact_own_only_moderators_redact(open_world: Open) -> None:
    world = await open_world(redact_own="off")
    ada, bob = world.person("u-1", "ada"), world.person("u-2", "bob")
    await ada.make("room")
    async with bob.socket() as his:
        await his.join("room")
        seq = (await his.chat("room", "hi"))["seq"]
        assert (await his.ask("redact", room="room", of=[seq]))["code"] == "forbidden"
    answer = await ada.request("POST", "/api/rooms/room/redact", {"of": [seq]})
    assert answer.status == 200


async def test_only_admins_make_rooms_where_the_server_says_so(open_world: Open) -> None:
    world = await open_world(create_rooms="admin")
    ada, root = world.person("ada"), world.person("root", scope="admin")
    async with ada.socket() as socket:
        assert (await socket.ask("join", room="new"))["code"] == "room_unknown"
        assert (await socket.ask("create", room="new"))["code"] == "forbidden"
    async with root.socket() as socket:
        await socket.join("new")
    async with ada.socket() as socket:
        await socket.join("new")


async def test_members_come_in_pages_in_order_of_subjects(world: World) -> None:
    ada = world.person("u-0", "ada")
    subjects = {f"u-{number}": "member" for number in range(1, 8)}
    await ada.make("room", members=subjects)
    await ada.appoint("room", "u-3", "none")
    await ada.appoint("room", "u-4", "reader", until=in_seconds(3_600))
    found: list[Frame] = []
    async with ada.socket() as socket:
        more = True
        while more:
            after = found[-1]["subject"] if found else ""
            page = await socket.ask("members", room="room", after=after, limit=3)
            found += page["members"]
            more = page["more"]
    assert [one["subject"] for one in found] == sorted({"u-0", *subjects} - {"u-3"})
    limited = next(one for one in found if one["subject"] == "u-4")
    assert (limited["role"], limited["username"]) == ("reader", "u-4")
    assert limited["until"].endswith("Z")
    assert set(limited) == {"username", "subject", "role", "since_seq", "until"}
    answer = await ada.get("/api/rooms/room/members?limit=2")
    assert set(answer.body) == {"room", "seq", "members", "more"}


@pytest.mark.parametrize("subject", ["a/b", "ü", "a b", "100%", "a+b", "a?b#c", "(x", "名"])
async def test_subjects_in_paths_are_percent_encoded(world: World, subject: str) -> None:
    ada = world.person("u-0", "ada")
    await ada.make("room")
    await ada.appoint("room", subject, "reader")
    last = (await events(ada, "room"))[-1]
    assert (last["member"], last["subject"]) == (subject, subject)
