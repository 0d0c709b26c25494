"""Rows that are inserted many at a time are those that are inserted alone."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.databases.schema import nodes
from chatlog.databases.schema.inserting import insert_rows
from chatlog.eventlog.write_sessions import write_sessions
from tests.support.logbook import Log, open_log

STARTED = "2026-11-22T17:00:00.000000Z"


def row(number: int) -> tuple[Any, ...]:
    return (number, f"n.{number}", "n", STARTED, STARTED, None, float(number), None, None, "v")


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 80, 127])
async def test_every_row_is_inserted_once_and_in_order(log: Log, count: int) -> None:
    rows = [row(number) for number in range(100, 100 + count)]
    async with log.database.write() as connection, connection.begin():
        await insert_rows(connection, nodes, rows)
    found = await log.table("SELECT * FROM nodes WHERE id >= 100 ORDER BY id")
    assert found == [dict(zip(nodes.c.keys(), row, strict=True)) for row in rows]


async def test_eighty_rows_take_two_statements_on_sqlite(sqlite_url: str) -> None:
    many: list[int] = []

    def note(_on: Any, _cursor: Any, _said: str, rows: Any, _context: Any, is_many: bool) -> None:
        if is_many:
            many.append(len(rows))

    rows = [row(number) for number in range(100, 180)]
    async with open_log(sqlite_url) as log, log.database.write() as connection:
        engine = connection.sync_engine
        sa.event.listen(engine, "before_cursor_execute", note)
        async with connection.begin():
            await insert_rows(connection, nodes, rows)
        sa.event.remove(engine, "before_cursor_execute", note)
    assert many == [2]


def opened(session: str, seq: int) -> dict[str, Any]:
    places = {"room_id": 1, "user_id": 1, "node_id": 1}
    return places | {
        "session": session,
        "joined_seq": seq,
        "joined_at": STARTED,
        "replay_from": seq,
    }


def closed(session: str, seq: int) -> dict[str, Any]:
    ended = {"ended": session, "left_seq": seq, "left_at": STARTED}
    return ended | {"cause": "lapsed", "last_seen_at": STARTED}


SESSIONS = "SELECT * FROM sessions WHERE session LIKE 's-%' ORDER BY session"


async def test_a_session_that_ends_where_it_began_has_the_same_row(log: Log) -> None:
    await log.join("general", "ada")
    begun = [opened("s-1", 11), opened("s-2", 12), opened("s-3", 13)]
    ended = [closed("s-1", 14), closed("s-3", 15)]
    rows = []
    for parts in (
        [(begun, ended)],
        [(begun, []), ([], ended)],
        [(begun[:1], []), (begun[1:], ended)],
    ):
        async with log.database.write() as connection, connection.begin() as transaction:
            for part in parts:
                await write_sessions(connection, *part)
            found = (await connection.execute(sa.text(SESSIONS))).all()
            rows.append([tuple(row) for row in found])
            await transaction.rollback()
    assert len(rows[0]) == 3
    assert rows[0] == rows[1] == rows[2]
