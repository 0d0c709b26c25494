"""One form of the question which events: whoever asks it, the same events are the answer."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest

from chatlog.audit.paging.room_rows import Shared
from chatlog.audit.paging.selection import read_selected
from chatlog.databases.database import Database
from chatlog.domain.errors import Refused
from chatlog.kinds.chat import Post
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.join import Join
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers.admission import Admission
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.wire.events import size_of
from tests.support.logbook import open_log

Wanted = Callable[[Recorded], bool]


def test_at_most_one_seq_says_where() -> None:
    for pair in itertools.combinations(("before", "after", "around"), 2):
        with pytest.raises(Refused, match="at most one of `before`, `after` and `around`"):
            EventQuery.beside("general", limit=1, **dict.fromkeys(pair, 5))  # type: ignore[arg-type]


def test_a_query_is_of_the_whole_chain_only_without_any_filter() -> None:
    assert EventQuery(room="general").is_whole
    filters: list[dict[str, Any]] = [
        {"first": 1},
        {"last": 9},
        {"limit": 9},
        {"types": ["chat"]},
        {"username": "ada"},
    ]
    assert not any(EventQuery(room="general", **one).is_whole for one in filters)


async def test_pages_and_streams_of_any_query_hold_the_same_events(database_url: str) -> None:
    chances = random.Random(7)
    async with open_log(database_url) as log:
        events = [e for e in await _filled(log) if isinstance(e, Recorded)]
        admission = await Door(log.database.read).admit(OPERATOR, "general", "read")
        for _ in range(60):
            query = _any_query(chances, events)
            expected = _expected(events, query)
            page = await admission.page(query, max_bytes=10**6, size=size_of)
            assert [e.seq for e in page.events] == expected, query
            located = await admission.locate(query)
            stream = [e.seq async for part in admission.events(located) for e in part]
            assert stream == expected, query
            if query.limit is None:
                assert await _exported(log.database, admission, query) == expected, query


async def _filled(log: Any) -> list[Any]:
    found: list[Any] = []
    for name in ("ada", "bob"):
        found += await log.record(Join("general", name, name, backlog=0))
    for n in range(20):
        found += await log.record(Post("general", "ada" if n % 3 else "bob", f"text {n}"))
    return found


def _any_query(chances: random.Random, events: list[Recorded]) -> EventQuery:
    def end() -> int | str | None:
        seq = chances.randint(1, len(events))
        return chances.choice([None, None, seq, events[seq - 1].at])

    limited = chances.random() < 0.7
    return EventQuery(
        room="general",
        first=end(),
        last=end(),
        around=chances.choice([None, chances.randint(0, 30)]) if limited else None,
        limit=chances.randint(1, 12) if limited else None,
        types=chances.choice([EVENT_TYPES, ["chat"], ["join", "chat"]]),
        username=chances.choice([None, None, "ada"]),
    )


def _expected(events: list[Recorded], query: EventQuery) -> list[int]:
    """Return what the docstring of ``EventQuery`` promises."""
    first = 1 if query.first is None else query.first
    last = len(events) if query.last is None else query.last

    def is_asked_for(event: Recorded) -> bool:
        begun = event.at >= first if isinstance(first, str) else event.seq >= first
        over = event.at > last if isinstance(last, str) else event.seq > last
        own = query.username in (None, event.event.user.name)
        return begun and not over and own and event.event.type in query.types

    found = [event.seq for event in events if is_asked_for(event)]
    if query.limit is None:
        return found
    if query.around is not None:
        return _nearest(found, query.around, query.limit)
    return found[: query.limit] if query.first is not None else found[-query.limit :]


def _nearest(found: list[int], around: int, limit: int) -> list[int]:
    older = [seq for seq in found if seq <= around]
    newer = [seq for seq in found if seq > around]
    kept = newer[: limit // 2]
    older = older[-(limit - len(kept)) :]
    return older + newer[: limit - len(older)]


async def _exported(database: Database, admission: Admission, query: EventQuery) -> list[int]:
    async with database.read() as connection:
        selection = await admission.select(connection, query)
        found = await read_selected(connection, selection, 0, Shared(), limit=100)
    return [row.seq for row in found]
