"""``events`` hands the whole log to the embedding program: in order, each once, until the stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from chatlog import Identity, Refused, chat_of, create_app
from chatlog.audit import log_pages
from chatlog.domain.errors import LogError, Unavailable
from chatlog.readers.whole_log import WholeLog
from chatlog.settings import Settings
from chatlog.web.embedding import EmbeddedChat
from chatlog.web.keys import RUNTIME
from chatlog.wire.events import encode_positioned
from chatlog.wire.positioned import Positioned
from tests.support.apps import browsing
from tests.support.logbook import open_log
from tests.support.nodes import until
from tests.support.people_log import people_on

from .conftest import ADA, BOB, SHOP, embedded

SECONDS = 30


async def some(events: AsyncIterator[Any], count: int, *, within: float = SECONDS) -> list[Any]:
    """Return the next events."""
    async with asyncio.timeout(within):
        return [await anext(events) for _ in range(count)]


def all_from(chat: EmbeddedChat, after: int) -> AsyncGenerator[Positioned]:
    return chat.events(after=after)


async def collected(chat: EmbeddedChat, found: list[Positioned], after: int | None = 0) -> None:
    async for event in chat.events(after=after):
        found.append(event)  # noqa: PERF401 - others look at it meanwhile


@contextlib.asynccontextmanager
async def collecting(
    chat: EmbeddedChat, after: int | None = 0
) -> AsyncIterator[tuple[list[Positioned], asyncio.Task[None]]]:
    """Collect events beside the block."""
    found: list[Positioned] = []
    task = asyncio.create_task(collected(chat, found, after))
    try:
        yield found, task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_every_event_of_every_room_is_its_frame_with_its_position(database_url: str) -> None:
    everything = await people_on(database_url)
    async with embedded(database_url) as (chat, _):
        found = await some(all_from(chat, 0), len(everything))
        lines = [msgspec.json.encode(event) for event in found]
        assert lines == [encode_positioned(event) for event in everything]
        assert {event.type for event in found} >= {"chat", "notification", "room", "member"}
        middle = everything[9].position
        assert await some(all_from(chat, middle), len(everything) - 10) == found[10:]
        chats = [event for event in found if event.type == "chat"]
        assert await some(chat.events(after=0, types={"chat"}), len(chats)) == chats
    async with open_log(database_url) as log:
        looks = await log.table("SELECT * FROM audit_looks")
    assert looks == []


async def test_live_events_come_without_a_poll_and_without_gap_or_repeat(
    database_url: str,
) -> None:
    async def write(author: Identity) -> None:
        for number in range(100):
            room = f"room-{number % 3}-of-{author.subject}"
            await chat.post(room, str(number), author=author)

    async with (
        embedded(database_url, max_chats_per_second=10_000) as (chat, _),
        collecting(chat) as (found, _),
    ):
        await asyncio.gather(*map(write, (SHOP, ADA, BOB)))
        last = await chat.post("room-0-of-shop", "the end", author=SHOP)
        await until(lambda: found and found[-1].position == last.position)
    assert [event.position for event in found] == list(range(1, last.position + 1))
    for room in {event.room for event in found}:
        seqs = [event.seq for event in found if event.room == room]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_without_a_position_it_begins_at_the_head(chat: EmbeddedChat) -> None:
    await chat.post("order-7", "before", author=SHOP)
    async with collecting(chat, after=None) as (found, _):
        before = 0
        while not found:  # it begins when it is first asked
            before += 1
            await chat.post("order-7", str(before), author=SHOP)
            await asyncio.sleep(0)
        last = await chat.post("order-7", "after", author=SHOP)
        await until(lambda: found[-1].position == last.position)
    assert all(b.position == a.position + 1 for a, b in pairwise(found))
    assert all(event.seq > 2 for event in found)


async def test_a_type_that_is_rare_is_found_behind_many_others(
    chat: EmbeddedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "SCAN", 3)
    for number in range(20):
        await chat.post("order-7", str(number), author=SHOP)
    await chat.create("order-8", author=SHOP)
    [room] = await some(chat.events(after=0, types={"room"}), 1)
    assert room.room == "order-8"


async def test_it_ends_when_the_server_stops(database_url: str) -> None:
    app = create_app(Settings(database=database_url, poll_seconds=30.0))
    found: list[Positioned] = []
    async with browsing(app):
        chat = chat_of(app)
        task = asyncio.create_task(collected(chat, found))
        first = await chat.post("general", "hi", author=ADA)
        await until(lambda: found == [first])
        await until(lambda: app[RUNTIME].tail._moved._waiters)  # it waits for more
    async with asyncio.timeout(SECONDS):
        await task


async def test_an_end_in_the_middle_of_a_page_is_an_end(database_url: str) -> None:
    app = create_app(Settings(database=database_url))
    async with browsing(app):
        chat = chat_of(app)
        for number in range(3):
            await chat.post("general", str(number), author=ADA)
        events = all_from(chat, 0)
        await anext(events)
    assert [event async for event in events] == []


async def test_cancelling_it_leaves_nothing_open(chat: EmbeddedChat) -> None:
    posted = await chat.post("general", "hi", author=ADA)
    for turns in range(40):  # wherever it is: reading, handing over, waiting
        task = asyncio.create_task(collected(chat, []))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(SECONDS):
            await asyncio.wait({task})
        assert task.cancelled()
    assert (await some(all_from(chat, posted.position - 1), 1)) == [posted]


async def test_a_cancellation_of_which_a_driver_makes_a_failure_is_one(
    chat: EmbeddedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    async def failing(*_: object) -> None:
        reading.set()
        try:
            await asyncio.sleep(SECONDS * 2)
        except asyncio.CancelledError:
            raise Unavailable from None

    monkeypatch.setattr(WholeLog, "page", failing)
    async with collecting(chat) as (_, task):
        await reading.wait()
        task.cancel()
        await asyncio.wait({task}, timeout=SECONDS)
        assert task.cancelled()


async def test_no_snapshot_is_open_while_the_program_has_an_event(sqlite_url: str) -> None:
    async with embedded(sqlite_url, readers=2) as (chat, _):
        first = await chat.post("general", "one", author=ADA)
        slow = [all_from(chat, first.position - 1) for _ in range(8)]
        for events in slow:
            await some(events, 1)
        second = await chat.post("general", "two", author=ADA)
        for events in slow:
            assert await some(events, 1) == [second]
            await events.aclose()


async def test_while_the_database_is_away_it_waits(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with embedded(database_url, poll_seconds=0.02) as (chat, _):
        first = await chat.post("general", "hi", author=ADA)
        page, failures = WholeLog.page, iter(range(3))

        async def failing(self: WholeLog, *given: Any) -> Any:
            if next(failures, None) is not None:
                raise Unavailable
            return await page(self, *given)

        monkeypatch.setattr(WholeLog, "page", failing)
        [*_, found] = await some(all_from(chat, first.position - 1), 1)
        assert found == first
        assert next(failures, None) is None


async def test_what_cannot_be_followed_is_refused(chat: EmbeddedChat) -> None:
    posted = await chat.post("general", "hi", author=ADA)
    for wrong in (-1, 2**63, 1.5, "1", True):
        with pytest.raises(Refused, match="position"):
            chat.events(after=wrong)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="no type 'notification'"):
        chat.events(types={"notification"})
    with pytest.raises(LogError, match="last position"):
        await anext(all_from(chat, posted.position + 1))
