"""The rooms of one connection: joining, leaving, the name, the default room."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.nodes import LocalClient, node_on, until


def kinds(frames: list[dict[str, object]]) -> list[object]:
    return [frame.get("event", frame["type"]) for frame in frames]


async def test_a_joiner_gets_the_replay_its_own_join_who_is_there_and_caught_up(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await ada.join("general")
        await ada.send("chat", message="hello", id="c-1")
        await ada.until("chat")
        await bob.send("join", room="general", username="bob", id="j-1")
        caught_up = await bob.until("caught_up")
        frames = bob.new()
    assert kinds(frames) == ["join", "chat", "join", "users", "caught_up"]
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 3, 3]
    assert frames[3]["users"] == ["ada", "bob"]
    assert (caught_up["first"], caught_up["more"], caught_up["id"]) == (1, False, "j-1")
    assert caught_up["hash"] == frames[2]["hash"]


@pytest.mark.parametrize(
    ("fields", "seqs", "more"),
    [
        ({"backlog": 0}, [6], True),
        ({"backlog": 1}, [5, 6], True),
        ({"backlog": 4}, [2, 3, 4, 5, 6], True),
        ({"backlog": 5}, [1, 2, 3, 4, 5, 6], False),
        ({"after": 3}, [4, 5, 6], True),
        ({"after": 0}, [1, 2, 3, 4, 5, 6], False),
        ({"after": 5}, [6], True),
    ],
)
async def test_backlog_or_after_says_where_the_replay_begins(
    sqlite_url: str, fields: dict[str, int], seqs: list[int], more: bool
) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await ada.join("general")
        for n in range(4):
            await ada.send("chat", message=str(n))
        await until(lambda: len(ada.frames()) == 7)
        await bob.send("join", room="general", username="bob", **fields)
        caught_up = await bob.until("caught_up")
        *events, _users, _caught_up = bob.frames()
    assert [event["seq"] for event in events] == seqs
    assert (caught_up["first"], caught_up["more"]) == (seqs[0], more)


async def test_the_author_gets_its_own_events_as_everybody_else(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await ada.join("general")
        await bob.join("general", "bob")
        await ada.until("notification", username="bob")
        ada.new()
        await ada.send("chat", message="hi")
        assert await ada.until("chat") == await bob.until("chat")


async def test_the_first_join_fixes_the_name(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general", "ada")
        assert await ada.refusal("join", room="other", username="bob") == "username_fixed"
        await ada.send("leave")
        assert await ada.refusal("join", room="general", username="bob") == "username_fixed"
        await ada.join("other", "ada")


async def test_a_join_that_is_refused_fixes_no_name_and_appends_nothing(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        assert await ada.refusal("join", room="r", username="bob", after=7) == "after_unknown"
        assert await ada.refusal("join", room="r/", username="bob") == "room_invalid"
        assert await ada.refusal("join", room="r", username=" bob") == "username_invalid"
        assert await ada.refusal("users", room="r") == "room_unknown"
        assert (await ada.join("r", "ada"))["seq"] == 1
        wrong = {"room": "r", "username": "bob", "after": 1, "hash": "0" * 16}
        assert await LocalClient(node).refusal("join", **wrong) == "diverged"
        await ada.send("users", room="r")
        assert (await ada.until("users"))["users"] == ["ada"]


async def test_a_room_is_joined_once_at_a_time(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        assert await ada.refusal("join", room="general", username="ada") == "already_joined"


async def test_a_connection_is_in_so_many_rooms_at_most(sqlite_url: str) -> None:
    async with node_on(sqlite_url, max_rooms_per_connection=2) as node:
        ada = LocalClient(node)
        await ada.join("a")
        await ada.join("b")
        assert await ada.refusal("join", room="c", username="ada") == "too_many_rooms"
        await ada.send("leave", room="a")
        await ada.join("c")


async def test_the_default_room_is_the_one_joined_last_and_still_joined(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        assert await ada.refusal("chat", message="x") == "not_joined"
        for room in "abc":
            await ada.join(room)
        await ada.send("chat", message="1")
        assert (await ada.until("chat", message="1"))["room"] == "c"
        await ada.send("leave", room="b")
        await ada.send("leave")
        await ada.send("chat", message="2")
        assert (await ada.until("chat", message="2"))["room"] == "a"
        await ada.join("b")
        await ada.send("chat", message="3")
        assert (await ada.until("chat", message="3"))["room"] == "b"
        assert await ada.refusal("leave", room="c") == "not_joined"


async def test_a_leave_is_acknowledged_before_its_event_which_is_the_room_s_last_frame(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await ada.join("general")
        await bob.join("general", "bob")
        await ada.until("notification", username="bob")
        ada.new()
        await ada.send("leave", id="l-1")
        await bob.until("notification", event="leave")
        await bob.send("chat", message="gone?")
        await bob.until("chat")
        frames = ada.new()
    assert kinds(frames) == ["ack", "leave"]
    assert (frames[0]["id"], frames[0]["seq"]) == ("l-1", frames[1]["seq"])
    assert (frames[1]["cause"], frames[1]["sessions"]) == ("left", 0)


async def test_a_room_that_was_left_can_be_joined_again_by_a_new_session(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        first = await ada.join("general")
        await ada.send("leave")
        second = await ada.join("general", after=first["seq"], hash=first["hash"])
        assert second["session"] != first["session"]
        assert (second["first"], second["seq"]) == (2, 3)


async def test_two_tabs_are_two_sessions_of_one_user(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        one, two = LocalClient(node), LocalClient(node)
        await one.join("general")
        await two.join("general")
        frame = await one.until("session", event="join")
        assert frame["sessions"] == 2
        two.connection.close("disconnected")
        frame = await one.until("session", event="leave")
        assert (frame["sessions"], frame["cause"]) == (1, "disconnected")


async def test_a_closed_connection_leaves_all_its_rooms_and_takes_nothing_more(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        for room in "ab":
            await ada.join(room)
            await bob.join(room, "bob")
        ada.connection.close("timed_out")
        for room in "ab":
            frame = await bob.until("notification", event="leave", room=room)
            assert frame["cause"] == "timed_out"
        before = len(ada.outlet.got)
        await ada.send("ping")
        assert len(ada.outlet.got) == before
        await node.departures.wait()
        assert len(node.departures) == 0


async def test_a_join_in_flight_when_the_connection_closes_is_followed_by_its_leave(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        await bob.join("general", "bob")
        room = node.rooms.get("general")
        assert room is not None
        async with node.database.write():  # no commit can begin meanwhile
            joining = asyncio.create_task(ada.send("join", room="general", username="ada"))
            await until(lambda: room.joining)
            ada.connection.close("shutdown")
            ada.connection.close("disconnected")
        await joining
        frame = await bob.until("notification", event="leave", username="ada")
        assert frame["cause"] == "shutdown"
        assert ada.outlet.got == b""


async def test_a_member_who_leaves_while_behind_and_joins_again_sees_one_session_after_the_other(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url, max_buffer_bytes=2_000) as node:
        slow, bob = LocalClient(node, keeps_up=False), LocalClient(node)
        await slow.join("general", "slow")
        await bob.join("general", "bob")
        for n in range(30):
            await bob.send("chat", message=f"{n:03}" * 100)
        await until(node.rooms.lagging)
        slow.outlet.read(slow.outlet.unread - 1_999)
        leaving = asyncio.create_task(slow.send("leave", room="general"))
        await bob.until("notification", event="leave")
        joining = asyncio.create_task(slow.join("general", "slow"))
        while not joining.done():
            slow.outlet.read(500)
            await asyncio.sleep(0.001)
        await leaving
    seqs = [f["seq"] for f in slow.frames() if f["type"] in {"chat", "notification", "session"}]
    first = seqs.index(33) + 1
    assert seqs[:first] == list(range(1, 34))
    assert seqs[first:] == list(range(seqs[first], 35))
