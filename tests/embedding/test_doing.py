"""The embedding program posts, makes rooms and gives roles, in the name of whom it says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web

import chatlog
from chatlog import Identity, NotRunning, OutcomeUnknown, Refused, Settings, chat_of, create_app
from chatlog.domain.errors import Unavailable
from chatlog.eventlog.committing.committer import Committer
from chatlog.kinds.chat import ChatFrame, PostAs
from chatlog.readers.door import Door
from chatlog.web.embedding import EmbeddedChat
from tests.support.apps import browsing, frame_of
from tests.support.logbook import open_log
from tests.support.nodes import until

from .conftest import ADA, BOB, SHOP, embedded


async def code_of(doing: Any) -> str:
    """Return the code with which something is refused."""
    with pytest.raises(Refused) as refused:
        await doing
    return refused.value.code


async def test_before_the_start_and_after_the_stop_it_says_so(sqlite_url: str) -> None:
    app = create_app(Settings(database=sqlite_url))
    with pytest.raises(NotRunning, match="not started"):
        chat_of(app)
    async with browsing(app):
        chat = chat_of(app)
    with pytest.raises(NotRunning, match="stopped"):
        chat_of(app)
    with pytest.raises(NotRunning, match="stopped"):
        await chat.post("order-7", "x", author=SHOP)
    with pytest.raises(NotRunning, match="stopped"):
        chat.events()
    with pytest.raises(ValueError, match="create_app"):
        chat_of(web.Application())


async def test_what_is_on_its_way_at_the_stop_is_refused(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocking, stopped = asyncio.Event(), asyncio.Event()

    async def knock(*_: object) -> None:
        knocking.set()
        await stopped.wait()

    monkeypatch.setattr(Door, "knock", knock)
    async with embedded(sqlite_url) as (chat, _):
        posting = asyncio.create_task(chat.post("order-7", "x", author=SHOP))
        await knocking.wait()
    stopped.set()
    async with asyncio.timeout(20):
        assert await code_of(posting) == "unavailable"


async def test_what_is_queued_at_the_stop_is_refused(sqlite_url: str) -> None:
    async with open_log(sqlite_url) as log:
        committer = Committer(
            log.writer,
            lambda _: None,
            lambda: None,
            max_batch=10,
            max_waiting=10,
            max_delay_ms=0.0,
        )
        queued = asyncio.create_task(committer.append(PostAs("order-7", "x", "ada")))
        await until(lambda: committer.waiting)
        committer.close()
        async with asyncio.timeout(20):
            assert isinstance(await queued, Unavailable)


def test_the_package_itself_offers_every_name_that_it_lists() -> None:
    for name in chatlog.__all__:
        assert getattr(chatlog, name) is not None


async def test_the_example_of_a_shop(database_url: str) -> None:
    async with embedded(database_url) as (chat, browser):
        room = await chat.create("order-7", access="listed", members={"u-1": "member"}, author=SHOP)
        assert room == "order-7"
        await chat.member("order-7", "u-2", "reader", author=SHOP)
        async with browser.ws_connect("/ws", headers={"Who": "u-1 ada"}) as ws:
            await ws.send_json({"type": "join", "room": "order-7"})
            await frame_of(ws, "caught_up")
            posted = await chat.post("order-7", "on its way", author=SHOP, id="order-7-shipped")
            frame = await frame_of(ws, "chat")
        assert (posted.type, posted.room, posted.username) == ("chat", "order-7", "Shop")
        assert (posted.message, posted.via, posted.seq) == ("on its way", "python", 6)
        assert msgspec.to_builtins(posted) == {**frame, "position": posted.position}
        assert isinstance(posted, ChatFrame)
    async with open_log(database_url) as log:
        events = await log.events()
        stored = next(event for event in events if event.position == posted.position)
        assert (stored.hash_text, stored.at) == (posted.hash, posted.at)
        kinds = [(event.event.type, event.via) for event in events]
    room_and_members = [("room", "python"), *[("member", "python")] * 3]
    assert kinds == [*room_and_members, ("join", None), ("chat", "python"), ("leave", None)]


async def test_the_same_id_again_does_nothing_twice(chat: EmbeddedChat) -> None:
    first = await chat.post("order-7", "on its way", author=SHOP, id="k")
    assert await chat.post("order-7", "on its way", author=SHOP, id="k") == first
    assert await code_of(chat.post("order-7", "another", author=SHOP, id="k")) == "id_conflict"
    other = await chat.post("order-7", "on its way", author=ADA, id="k")
    assert other.position > first.position

    private = await chat.create(access="private", author=SHOP, id="k-2")
    assert private.startswith("~")
    assert await chat.create(access="private", author=SHOP, id="k-2") == private
    assert await chat.create(access="private", author=SHOP) != private
    posted = await chat.post(private, "for you alone", author=SHOP)
    assert (posted.room, posted.seq) == (private, 3)


async def test_an_id_is_one_whatever_the_door(database_url: str) -> None:
    async with embedded(database_url) as (chat, browser):
        headers = {"Who": "u-1 ada", "Idempotency-Key": "k"}
        path = "/api/rooms/order-7/messages"
        async with browser.post(path, headers=headers, json={"message": "hi"}) as reply:
            assert reply.status == 201
            first = await reply.json()
        again = await chat.post("order-7", "hi", author=ADA, id="k")
        assert (again.hash, again.via) == (first["hash"], "http")


async def test_rights_are_those_of_the_author(chat: EmbeddedChat) -> None:
    room = await chat.create("desk", access="listed", author=SHOP)
    private = await chat.create(access="private", author=SHOP)
    assert await code_of(chat.post(room, "x", author=ADA)) == "forbidden"
    assert await code_of(chat.post(private, "x", author=ADA)) == "room_unknown"
    assert await code_of(chat.member(room, "u-2", "member", author=ADA)) == "forbidden"
    assert await code_of(chat.member("nowhere", "u-2", "member", author=ADA)) == "room_unknown"
    assert await code_of(chat.create(room, author=ADA)) == "room_exists"
    auditor = Identity("u-9", name="eve", scope={"audit"})
    assert await code_of(chat.post(room, "x", author=auditor)) == "forbidden"
    await chat.member(room, "u-1", "member", author=SHOP, reason="a customer")
    assert (await chat.post(room, "x", author=ADA)).username == "ada"
    soon = datetime.now(UTC) + timedelta(hours=1)
    await chat.member(room, "u-1", "reader", author=SHOP, until=soon)
    assert await code_of(chat.post(room, "x", author=ADA)) == "forbidden"
    granted = Identity("u-2", name="bob", rooms={room: "member"})
    assert (await chat.post(room, "x", author=granted)).username == "bob"
    admin = Identity("boss", name="Boss", scope={"admin"})
    assert (await chat.post(private, "x", author=admin)).username == "Boss"
    other_shop = Identity("u-8", name="Shop")
    assert await code_of(chat.post("lobby", "x", author=other_shop)) == "username_taken"


async def test_its_limit_is_the_users(database_url: str) -> None:
    async with embedded(database_url, max_chats_per_second=0.2) as (chat, _):
        await chat.post("order-7", "the one of this burst", author=SHOP)
        with pytest.raises(Refused, match="fast") as refused:
            await chat.post("order-7", "one too many", author=SHOP)
        assert refused.value.code == "rate_limited"
        assert getattr(refused.value, "retry_after", 0) > 0
        await chat.post("order-7", "another's", author=ADA)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"room": "", "message": "x"}, "room_invalid"),
        ({"room": 7, "message": "x"}, "bad_command"),
        ({"room": "r", "message": ""}, "message_empty"),
        ({"room": "r", "message": None}, "bad_command"),
        ({"room": "r", "message": "\ud800"}, "bad_command"),
        ({"room": "r", "message": "x\x00"}, "bad_command"),
        ({"room": "r", "message": "x" * 9_000}, "message_too_long"),
        ({"room": "r", "message": "x", "id": ""}, "bad_command"),
        ({"room": "r", "message": "x", "id": "k" * 65}, "bad_command"),
        ({"room": "r", "message": "x", "author": Identity("(x)", name="x")}, "token_invalid"),
        ({"room": "r", "message": "x", "author": Identity("")}, "token_invalid"),
        ({"room": "r", "message": "x", "author": Identity("x", name=" ")}, "token_invalid"),
    ],
)
async def test_what_is_not_in_form_is_refused(
    sqlite_url: str, given: dict[str, Any], code: str
) -> None:
    async with embedded(sqlite_url) as (chat, _):
        assert await code_of(chat.post(**{"author": SHOP, **given})) == code


@pytest.mark.parametrize(
    "given",
    [
        {"room": "r", "access": "secret"},
        {"room": "r", "members": {"u-1": "king"}},
        {"room": "r", "members": {"": "member"}},
        {"room": "r", "topic": "\ud800"},
        {"room": "r", "access": "private"},
        {},
    ],
)
async def test_so_is_a_room(sqlite_url: str, given: dict[str, Any]) -> None:
    async with embedded(sqlite_url) as (chat, _):
        assert await code_of(chat.create(**given, author=SHOP)) == "bad_command"
        naive = datetime(2040, 1, 1)  # noqa: DTZ001
        for wrong in ({"role": "king"}, {"role": "reader", "until": naive}):
            assert await code_of(chat.member("r", "u-1", **wrong, author=SHOP)) == "bad_command"


async def test_in_open_mode_a_name_is_all_that_counts(database_url: str) -> None:
    async with embedded(database_url, is_open=True) as (chat, browser):
        first = await chat.post("general", "hi", author=SHOP, id="k")
        assert (first.username, first.via, first.seq) == ("Shop", "python", 1)
        assert await chat.post("general", "hi", author=Identity("x", name="Shop"), id="k") == first
        assert (await chat.post("general", "hi", author=Identity("ada"))).username == "ada"
        body = {"message": "hi", "username": "Shop"}
        path, key = "/api/rooms/general/messages", {"Idempotency-Key": "k"}
        async with browser.post(path, json=body, headers=key) as reply:
            assert reply.status == 200
        assert await code_of(chat.create("desk", author=SHOP)) == "forbidden"
        assert await code_of(chat.member("general", "u-1", "reader", author=SHOP)) == "forbidden"
        assert await code_of(chat.post("general", "x", author=Identity("(x)"))) == (
            "username_invalid"
        )


async def test_an_unknown_outcome_is_an_error_of_its_own(
    chat: EmbeddedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def append(*_: object) -> OutcomeUnknown:
        return OutcomeUnknown()

    monkeypatch.setattr(Committer, "append", append)
    with pytest.raises(OutcomeUnknown):
        await chat.post("order-7", "x", author=BOB, id="k")
    with pytest.raises(OutcomeUnknown):
        await chat.create("order-7", author=BOB, id="k")
