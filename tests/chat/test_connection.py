"""What becomes of one client's commands: answers, limits, the good and the bad."""

from __future__ import annotations

import pytest

from chatlog.delivery.gathering import Gathering
from chatlog.wire.frames import TOO_MANY_ERRORS
from tests.support.nodes import LocalClient, node_on, texts_of, until


async def test_a_chat_with_an_id_is_acknowledged_and_one_without_is_not(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        await ada.send("chat", message="one", id="c-1")
        await ada.send("chat", message="two")
        chat = await ada.until("chat", message="two")
        acks = [frame for frame in ada.new() if frame["type"] == "ack"]
    assert [(ack["id"], ack["seq"]) for ack in acks] == [("c-1", 2)]
    assert "id" not in chat


async def test_a_repeated_chat_gets_the_first_one_s_ack(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada, again = LocalClient(node), LocalClient(node)
        await ada.join("general")
        await ada.send("chat", message="one", id="c-1")
        first = await ada.until("ack")
        await again.join("general")
        await again.send("chat", message="one", id="c-1")
        assert await again.until("ack") == {**first, "repeated": True}
        await again.send("chat", message="other", id="c-1")
        assert (await again.until("error"))["code"] == "id_conflict"


async def test_commands_sent_at_once_keep_their_order(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.send("join", room="general", username="ada")
        for n in range(300):
            await ada.send("chat", message=str(n))
        await ada.send("leave")
        await ada.until("notification", event="leave")
        said = [frame["message"] for frame in ada.frames() if frame["type"] == "chat"]
    assert said == [str(n) for n in range(300)]


async def test_so_many_chats_are_in_flight_at_most(sqlite_url: str) -> None:
    async with node_on(sqlite_url, max_in_flight=3, max_commit_delay_ms=20) as node:
        ada, most = LocalClient(node), 0
        await ada.join("general")
        for n in range(50):
            await ada.send("chat", message=str(n))
            most = max(most, node.committer.waiting)
        await until(lambda: len([f for f in ada.frames() if f["type"] == "chat"]) == 50)
    assert most <= 3


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "message_empty"),
        (" \n", "message_empty"),
        ("é" * 5000, "message_too_long"),
        ("a\x00b", "bad_command"),
        ("a\rb", "bad_command"),
    ],
)
async def test_a_bad_message_is_refused_and_not_in_the_log(
    sqlite_url: str, message: str, code: str
) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        assert await ada.refusal("chat", message=message) == code
        await ada.send("chat", message="good")
        assert (await ada.until("chat"))["seq"] == 2


async def test_a_bad_command_is_answered_under_its_id_and_the_connection_goes_on(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        for text, code in [
            (b"{", "bad_json"),
            (b"[]", "bad_json"),
            (b'{"type":"shout","id":"x"}', "unknown_type"),
            (b'{"type":"chat","id":"x"}', "bad_command"),
        ]:
            await ada.say(text)
            (error,) = ada.new()
            assert (error["type"], error["code"]) == ("error", code)
        await ada.send("ping", id="p-1")
        assert ada.new() == [{"type": "pong", "id": "p-1"}]
        assert node.refusals == {"bad_json": 2, "unknown_type": 1, "bad_command": 1}


async def test_the_hundredth_bad_command_of_a_minute_closes(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        for _ in range(99):
            await ada.say(b"{")
        assert ada.outlet.is_open
        await ada.say(b"{")
        assert ada.outlet.closed == (TOO_MANY_ERRORS, b"too many bad commands")
        assert TOO_MANY_ERRORS == 4400


async def test_refusals_that_are_no_bad_commands_close_nothing(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        for _ in range(150):
            await ada.send("chat", message="x")
        assert ada.outlet.closed is None
        assert node.refusals == {"not_joined": 150}


async def test_what_is_not_utf_8_is_left_to_the_socket(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        with pytest.raises(UnicodeDecodeError):
            await LocalClient(node).say(b"\xff")


async def test_no_rate_is_limited_unless_one_is_set(sqlite_url: str) -> None:
    async with node_on(sqlite_url, max_chats_per_second=2) as node:
        ada = LocalClient(node)
        await ada.join("general")
        for n in range(10):
            await ada.send("chat", message=str(n))
        assert await ada.refusal("chat", message="one too many") == "rate_limited"


async def test_users_and_history_need_no_join(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada, other = LocalClient(node), LocalClient(node)
        assert await other.refusal("users", room="general") == "room_unknown"
        assert await other.refusal("history", room="general") == "room_unknown"
        assert await other.refusal("history", room="no/room") == "room_invalid"
        assert await other.refusal("users", room="") == "room_invalid"
        await ada.join("general")
        other.new()
        await other.send("users", room="general", id="u-1")
        await other.send("history", room="general", id="h-1")
        users, history = other.new()
    assert users == {
        "type": "users", "room": "general", "seq": 1, "users": ["ada"], "count": 1, "id": "u-1"
    }  # fmt: skip
    assert (history["first"], history["last"], history["id"]) == (1, 1, "h-1")
    assert [event["username"] for event in history["events"]] == ["ada"]


async def test_a_list_of_users_comes_after_the_joins_in_it(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who are there are told of joins together, some time later."""
    monkeypatch.setitem(vars(Gathering)["__init__"].__kwdefaults__, "seconds_a_member", 1.0)
    async with node_on(sqlite_url, max_commit_delay_ms=100) as node:
        members = [LocalClient(node) for _ in range(5)]
        for number, member in enumerate(members):
            await member.join("general", f"user{number}")
        await members[0].send("users", room="general", id="u-1")
        *before, answer = [f for f in members[0].frames() if f["type"] != "caught_up"]
        assert (answer["id"], answer["seq"]) == ("u-1", 5)
        assert [f["seq"] for f in before if f["type"] == "notification"] == [1, 2, 3, 4, 5]


async def test_users_continue_after_a_name(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        for name in ("ada", "bob", "eve"):
            await LocalClient(node).join("general", name)
        asker = LocalClient(node)
        await asker.send("users", room="general", after="ada")
        await asker.send("users", room="general", after="dan")
        await asker.send("users", room="general", after="eve")
        answers = asker.new()
        assert await asker.refusal("users", room="general", after="") == "username_invalid"
        assert await asker.refusal("users", room="general", after=7) == "bad_command"
    assert [answer["users"] for answer in answers] == [["bob", "eve"], ["eve"], []]
    assert [answer["count"] for answer in answers] == [3, 3, 3]


async def test_history_gives_the_bytes_that_were_sent_live(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        await ada.send("chat", message="h\u00e9 \u2028 \\ /", id="c-1")
        await ada.until("chat")
        await ada.send("history", room="general", types=["chat"])
        *_, live, page = texts_of(bytes(ada.outlet.got))
    assert live.startswith(b'{"type":"chat"')
    assert live in page
