"""Pages of history against a model that has the whole room in memory, on both databases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from chatlog.audit.paging.pages import Page, read_page
from chatlog.audit.paging.selection import select
from chatlog.domain.errors import Refused
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.runtime import Runtime
from chatlog.wire.events import encode
from tests.support.nodes import node_on

TYPES: list[Sequence[str] | None] = [
    None,
    None,
    ["chat"],
    ["join", "leave"],
    ["leave", "leave"],
    ["erasure"],
    [],
]


async def fill(node: Runtime, stories: str) -> list[Recorded]:
    """Append a join for j, its leave for l, a short chat for c, a long one for C."""
    events: list[Recorded] = []
    tab = 0
    for kind in f"j{stories}":
        tab += kind == "j"
        command: Command
        if kind == "j":
            command = Join("general", f"tab-{tab}", "ada", backlog=0)
        elif kind == "l":
            command = Leave("general", f"tab-{tab}", "left")
        else:
            command = Post("general", "tab-1", "long" * 200 if kind == "C" else "short")
        told = await node.committer.append(command)
        assert isinstance(told, Recorded)
        events.append(told)
    return events


def size(event: Recorded) -> int:
    return len(encode(event))


async def page_of(node: Runtime, max_bytes: int = 1_000_000, **fields: Any) -> Page:
    query = EventQuery.beside(**{"room": "general", "limit": 50, **fields})
    async with node.database.read() as connection:
        selection = await select(connection, query)
        return await read_page(connection, selection, max_bytes=max_bytes, size=size)


def check(page: Page, events: list[Recorded], max_bytes: int, fields: dict[str, Any]) -> None:
    """Hold a page against the contract's words, knowing every event."""
    types, limit, head = fields["types"], fields["limit"], len(events)
    wanted = [e for e in events if types is None or e.event.type in types]
    if page.first is None or page.last is None:
        edge = fields["after"] if "after" in fields else fields["before"] - 1
        assert page.events == []
        assert edge >= head if "after" in fields else edge <= 0
        assert page.more_before == any(e.seq <= edge for e in wanted)
        assert page.more_after == any(e.seq > edge for e in wanted)
        return
    assert 1 <= page.first <= page.last <= head
    assert page.events == [e for e in wanted if page.first <= e.seq <= page.last]
    assert page.more_before == any(e.seq < page.first for e in wanted)
    assert page.more_after == any(e.seq > page.last for e in wanted)
    if "after" in fields:
        assert page.first == fields["after"] + 1
    elif "around" not in fields:
        assert page.last == min(fields.get("before", head + 1) - 1, head)
    taken = sum(map(size, page.events))
    assert len(page.events) <= limit
    assert taken <= max_bytes or len(page.events) == 1
    is_short = len(page.events) < limit and taken + 1_000 <= max_bytes
    if is_short:
        assert not page.more_before or "after" in fields
        assert not page.more_after or "before" in fields
    around = min(fields.get("around", 0), head)
    if any(event.seq == around for event in wanted):
        assert any(event.seq == around for event in page.events)


async def test_any_page_is_as_the_contract_says(database_url: str) -> None:
    chance = random.Random(20_261_122)
    async with node_on(database_url) as node:
        events = await fill(node, "ccjcCCCljcccCl")
        for _ in range(250):
            fields: dict[str, Any] = {
                "limit": chance.choice([1, 2, 3, 5, 50]),
                "types": chance.choice(TYPES),
            }
            if (anchor := chance.choice(["before", "after", "around", None])) is not None:
                fields[anchor] = chance.choice([*range(len(events) + 3), 2**63 - 1])
            max_bytes = chance.choice([1, 500, 1_500, 3_000, 10**6])
            check(await page_of(node, max_bytes, **fields), events, max_bytes, fields)


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
@pytest.mark.parametrize("max_bytes", [1, 1_200, 10**6])
async def test_paging_on_from_the_ends_gives_every_event_once(
    sqlite_url: str, limit: int, max_bytes: int
) -> None:
    async with node_on(sqlite_url) as node:
        events = await fill(node, "cjcCclC")
        for types in (None, ["chat"], ["join", "leave"]):
            wanted = [e for e in events if types is None or e.event.type in types]
            up: list[Recorded] = []
            page = await page_of(node, max_bytes, after=0, limit=limit, types=types)
            up += page.events
            while page.more_after:
                page = await page_of(node, max_bytes, after=page.last, limit=limit, types=types)
                up += page.events
            down: list[Recorded] = []
            page = await page_of(node, max_bytes, limit=limit, types=types)
            down = page.events + down
            while page.more_before:
                page = await page_of(node, max_bytes, before=page.first, limit=limit, types=types)
                down = page.events + down
            assert up == down == wanted


async def test_two_large_events_around_a_seq_give_one_and_say_that_there_is_more(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, "CC")
        page = await page_of(node, 1, around=2, limit=2, types=["chat"])
    assert len(page.events) == 1
    assert page.more_before != page.more_after


async def test_half_of_a_page_around_a_seq_lies_past_it(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        await fill(node, "c" * 20)
        pages = [await page_of(node, around=n, limit=6) for n in (10, 1, 21, 99, 0)]
    assert [[e.seq for e in page.events] for page in pages] == [
        [8, 9, 10, 11, 12, 13],
        [1, 2, 3, 4, 5, 6],
        [16, 17, 18, 19, 20, 21],
        [16, 17, 18, 19, 20, 21],
        [1, 2, 3, 4, 5, 6],
    ]


async def test_a_room_without_events_is_room_unknown(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        with pytest.raises(Refused) as refusal:
            await page_of(node, room="nowhere")
    assert refusal.value.code == "room_unknown"


def test_every_type_of_event_can_be_asked_for() -> None:
    assert set(EVENT_TYPES) == {"chat", "join", "leave", "erasure", "room", "member"}
