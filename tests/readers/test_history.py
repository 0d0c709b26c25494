"""Pages of a room's past are read in turns, and a rare type costs what its page holds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.audit.paging.pages import read_page
from chatlog.databases.database import Database
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers import admission as module
from chatlog.readers import turns
from chatlog.readers.history import History
from tests.support.nodes import LocalClient, migrated, node_on, until

ASKERS = 64


async def test_many_who_page_at_length_keep_nobody_from_joining(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, reading = asyncio.Event(), 0

    async def slow_page(*args: Any, **kwargs: Any) -> Any:
        nonlocal reading
        reading += 1
        await go_on.wait()
        return await read_page(*args, **kwargs)

    monkeypatch.setattr(module, "read_page", slow_page)
    async with node_on(sqlite_url) as node:
        await LocalClient(node).join("general")
        askers = [LocalClient(node) for _ in range(ASKERS)]
        asking = [asyncio.create_task(c.send("history", room="general")) for c in askers]
        await until(lambda: reading == node.settings.max_long_reads)
        async with asyncio.timeout(5):
            await LocalClient(node).join("never opened before", "bob")
        assert reading == node.settings.max_long_reads
        go_on.set()
        await asyncio.gather(*asking)
        for asker in askers:
            assert (await asker.until("history"))["events"]


async def test_who_gets_no_turn_in_time_is_told_that_it_is_too_much(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_PATIENCE_SECONDS", 0.01)
    async with node_on(sqlite_url, max_long_reads=1) as node:
        ada = LocalClient(node)
        await ada.join("general")
        async with node.history.reading():
            assert await ada.refusal("history", room="general") == "overloaded"
        await ada.send("history", room="general")
        assert (await ada.until("history"))["events"]


async def test_large_pages_and_answers_over_http_are_counted_apart(sqlite_url: str) -> None:
    limits = {"max_large_pages": 1, "max_http_answers": 2, "max_long_reads": 1}
    database = Database(sqlite_url)
    history = History(database, database, **limits, max_page_bytes=1_000, max_buffer_bytes=100)
    try:
        async with history.turn(), history.turn():
            assert not history._large.locked()
            assert not history._reads.locked()
            assert history._answers.locked()
    finally:
        await database.dispose()


@pytest.mark.parametrize("type_", EVENT_TYPES)
@pytest.mark.parametrize("order", ["seq", "seq DESC"])
async def test_sqlite_finds_events_of_a_type_by_an_index(
    sqlite_url: str, type_: str, order: str
) -> None:
    await migrated(sqlite_url)
    database = Database(sqlite_url)
    query = (
        "EXPLAIN QUERY PLAN SELECT * FROM events WHERE room_id = 1 AND type = :type "
        f"AND seq BETWEEN 1 AND 400000 ORDER BY {order} LIMIT 50"
    )
    try:
        async with database.read() as connection:
            found = await connection.execute(sa.text(query), {"type": type_})
            plan = " ".join(row.detail for row in found)
    finally:
        await database.dispose()
    by_type = "events_room_type (room_id=? AND type=? AND seq>? AND seq<?)"
    assert by_type in plan or "events_erasures (room_id=? AND seq>? AND seq<?)" in plan
    assert "TEMP B-TREE" not in plan
