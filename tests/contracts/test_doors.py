"""Chats of people who need not be present, and events that say by which door they came."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.eventlog.append import Outcome
from chatlog.eventlog.steps.redacting import redact_as
from chatlog.kinds.chat import Post, PostAs
from chatlog.kinds.command import Command, FirstPost, Target
from chatlog.kinds.event import Recorded
from chatlog.kinds.leave import Leave
from chatlog.kinds.member import Appoint
from chatlog.kinds.room import Configure
from chatlog.wire.events import encode
from tests.support.logbook import Log, open_log
from tests.support.people_log import ADA, BOB, KIM, enter

SHOP = Identity("shop", "Shop")


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[Log]:
    async with open_log(database_url) as opened:
        yield opened


async def told(log: Log, *commands: Command) -> list[str | int]:
    """The seqs or the codes that commands come to."""

    def short(outcome: Outcome) -> str | int:
        return outcome.code if isinstance(outcome, Refused) else outcome.seq

    return [short(outcome) for outcome in await log.append(*commands)]


async def test_in_open_mode_a_name_posts_without_a_session(log: Log) -> None:
    notice = PostAs("shop", "on its way", "Shop", id="n-1", via="http")
    (first,) = await log.record(notice)
    assert (first.seq, first.via) == (1, "http")
    shown = json.loads(encode(first))
    assert list(shown) == ["type", "room", "seq", "hash", "at", "id", "via", "username", "message"]
    (again,) = await log.append(notice)
    assert isinstance(again, FirstPost)
    assert again.seq == 1
    assert await told(log, PostAs("shop", "lost", "Shop", id="n-1", via="http")) == ["id_conflict"]
    assert await log.table("SELECT 1 FROM sessions") == []


async def test_an_id_is_one_of_a_user_whatever_the_door(log: Log) -> None:
    session = await log.join("shop", "Shop")
    from_outside = PostAs("shop", "on its way", "Shop", id="n-1", via="python")
    assert await told(log, from_outside) == [2]
    assert await told(log, Post("shop", session, "on its way", "n-1")) == [2]
    assert await told(log, Post("shop", session, "lost", "n-1")) == ["id_conflict"]


async def test_a_person_who_posts_to_a_new_name_makes_the_room(log: Log) -> None:
    assert await told(log, PostAs("order-7", "hi", author=SHOP, may_create=False)) == [
        "room_unknown"
    ]
    (posted,) = await log.record(PostAs("order-7", "hi", author=SHOP, via="http"))
    assert posted.seq == 2
    owner, chat = await log.events()
    frame = msgspec.to_builtins(owner.event.frame(owner))
    assert (frame["type"], frame["role"], frame["via"]) == ("member", "owner", "http")
    assert chat == posted


async def test_a_claim_is_put_into_effect_before_the_chat(log: Log) -> None:
    await enter(log, "desk", ADA)
    await log.record(Configure("desk", ADA, access="listed"))
    (chat,) = await log.record(
        PostAs("desk", "hi", author=Identity("u-7", "max", rooms={"desk": "member"}))
    )
    given = (await log.events())[-2]
    assert msgspec.to_builtins(given.event.frame(given))["username"] == "(token)"
    assert chat.seq == given.seq + 1
    assert await told(log, PostAs("desk", "hi", author=KIM)) == ["forbidden"]  # a reader's claim


async def test_rights_are_those_of_a_chat_over_a_socket(log: Log) -> None:
    await enter(log, "desk", ADA)  # 1, 2
    first = PostAs("desk", "first", author=BOB, id="b-1")
    assert await told(log, first) == [3]
    assert await told(
        log, Configure("desk", ADA, locked=True), PostAs("desk", "x", author=BOB)
    ) == [
        4,
        "forbidden",
    ]
    assert await told(log, PostAs("desk", "x", author=ADA)) == [5]
    assert await told(log, Appoint("desk", ADA, Target("u-2"), "banned")) == [6]
    assert await told(log, PostAs("desk", "x", author=BOB), first) == ["forbidden", 3]


async def test_whoever_is_present_posts_under_the_name_of_their_join(log: Log) -> None:
    session = await enter(log, "desk", ADA)
    renamed = Identity("u-1", "lady ada")
    (while_here,) = await log.record(PostAs("desk", "x", author=renamed))
    await log.record(Leave("desk", session, "left"))
    (afterwards,) = await log.record(PostAs("desk", "x", author=renamed))
    assert [while_here.event.user.name, afterwards.event.user.name] == ["ada", "lady ada"]


async def test_the_view_of_events_names_the_door_and_what_was_erased(log: Log) -> None:
    await enter(log, "desk", ADA)
    await log.record(PostAs("desk", "x", author=ADA, via="http"), PostAs("desk", "y", author=ADA))

    async def erase(via: str | None, *seqs: int) -> list[Recorded]:
        step = redact_as(ADA, "desk", seqs, "", redact_own=True, via=via)
        found, _ = await log.writer.transact(step)
        return found

    (erasure,) = await erase("python", 3, 4)
    assert json.loads(encode(erasure))["via"] == "python"
    found = await log.table("SELECT * FROM audit_events ORDER BY position")
    assert list(found[0])[-3:] == ["subject", "via", "of"]
    assert [row["via"] for row in found] == [None, None, "http", None, "python"]
    assert [row["of"] for row in found] == [None] * 4 + ["[3,4]"]
