"""What names a room, a person or a time is answered by an index, never by reading all events."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.queries import Query, queries
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate

NAMED = [query for query in queries().values() if query.parameters]
TOLD = {"room": "general", "seq": 1, "at": "2026", "from": "2026", "to": "2027"}
TOLD |= {"username": "ada", "other": "bob", "words": "the"}

ADHOC = (
    "SELECT * FROM audit_events WHERE username = 'ada'",
    "SELECT * FROM audit_events WHERE username = 'ada' AND room = 'general'",
    "SELECT * FROM audit_events WHERE room = 'general' AND at >= '2026' ORDER BY seq",
    "SELECT * FROM audit_events WHERE at BETWEEN '2026-01-01' AND '2026-01-02'",
    "SELECT * FROM audit_events WHERE position = 7",
    "SELECT * FROM audit_messages WHERE room = 'general' ORDER BY seq DESC LIMIT 50",
    "SELECT * FROM audit_erasures",
    "SELECT * FROM audit_presence",
    "SELECT * FROM audit_presence WHERE username = 'ada'",
    "SELECT * FROM audit_witnesses WHERE room = 'general' AND seq = 41",
    "SELECT * FROM audit_activity WHERE room = 'general' AND hour >= '2026'",
    """SELECT DISTINCT username FROM audit_sessions
        WHERE room='general' AND joined_seq<=41 AND (left_seq IS NULL OR left_seq>41)""",
)


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    database = Database(f"sqlite:///{tmp_path / 'chatlog.db'}")
    try:
        await migrate(database)
        async with database.read() as connection:
            yield connection
    finally:
        await database.dispose()


async def plan(connection: AsyncConnection, sql: str, told: dict[str, object]) -> str:
    found = await connection.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}"), told)
    return "\n".join(row.detail for row in found)


def assert_no_full_scan(steps: str) -> None:
    # The views' names for the events: e, the arrival of somebody, the erasures x.
    scanned = re.search(r"SCAN (e|events|arrival|x)\b(?! USING INDEX events_erasures)", steps)
    assert not scanned, steps
    assert "AUTOMATIC COVERING INDEX (room_id" not in steps, steps


@pytest.mark.parametrize("query", NAMED, ids=lambda query: query.name)
async def test_a_query_reads_no_more_events_than_it_names(
    query: Query, empty: AsyncConnection
) -> None:
    told = {p.name: TOLD[p.name] for p in query.parameters}
    assert_no_full_scan(await plan(empty, query.sql, told))


@pytest.mark.parametrize("sql", ADHOC)
async def test_what_an_auditor_writes_reads_no_more_events_than_it_names(
    sql: str, empty: AsyncConnection
) -> None:
    assert_no_full_scan(await plan(empty, sql, {}))


async def test_witnesses_are_found_by_the_lengths_of_their_sessions(empty: AsyncConnection) -> None:
    steps = await plan(empty, "SELECT * FROM audit_witnesses WHERE room = 'r' AND seq = 1", {})
    for index in ("sessions_open", "sessions_stay", "sessions_replay"):
        assert f"USING INDEX {index}" in steps, steps


async def test_every_index_has_statistics(empty: AsyncConnection) -> None:
    # One without looks better than those that have: max(seq) of a room once read the whole
    # room for each insert.
    listed = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name <> 'schema_version'"
    indexes = set((await empty.execute(sa.text(listed))).scalars())
    planned = set((await empty.execute(sa.text("SELECT idx FROM sqlite_stat1"))).scalars())
    # Of these a row is made when the table is filled, which it is by the first migration.
    assert indexes <= planned
