"""SQLite that is locked by another or may not grow, and callers who give up waiting."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from chatlog.databases.sqlite import backend as sqlite
from chatlog.eventlog.forward import events_between
from chatlog.kinds.chat import Post, Posted
from tests.support.checker import assert_holds
from tests.support.inside import InsideClient
from tests.support.record import Record

from .conftest import NodeOf, paused


async def test_a_database_locked_by_another_process_is_unavailable_until_it_is_free(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 50)
    node, record = await node_of(sqlite_url), Record()
    ada, bob = (InsideClient(node, record, name) for name in ("ada", "bob"))
    await ada.join("general")
    await bob.join("general")
    path = str(sa.make_url(sqlite_url).database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await ada.chat("general", "one", id="c-1")).data["code"] == "unavailable"
        assert (await ada.ask("history", room="general")).type == "history"  # reading goes on
        bob.gone()  # whose leave has to wait
        other.execute("ROLLBACK")
    left = await ada.wait(lambda frame: frame.is_leave)
    assert left.data["cause"] == "disconnected"
    assert "repeated" not in (await ada.chat("general", "one", id="c-1")).data
    page = await ada.ask("history", room="general")
    record.logs["general"] = list(page.events)
    assert_holds(record, settled=True)


async def test_a_database_that_may_not_grow_is_storage_full_until_it_may(
    node_of: NodeOf, sqlite_url: str
) -> None:
    node, record = await node_of(sqlite_url), Record()
    ada = InsideClient(node, record, "ada")
    await ada.join("general")
    async with node.database.write() as connection:
        used = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={used}")
    answers = [await ada.chat("general", "x" * 8_000, id=f"c-{n}") for n in range(4)]
    assert answers[-1].data["code"] == "storage_full"
    async with node.database.write() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    again = [await ada.chat("general", "x" * 8_000, id=f"c-{n}") for n in range(4)]
    assert {answer.type for answer in again} == {"ack"}
    page = await ada.ask("history", room="general")
    record.logs["general"] = list(page.events)
    assert_holds(record, settled=True)


async def test_callers_who_are_cancelled_change_nothing_for_anybody(
    node_of: NodeOf, database_url: str
) -> None:
    node = await node_of(database_url)
    ada = InsideClient(node, Record(), "ada")
    session = (await ada.join("general")).data["session"]
    callers = []
    async with paused(node):
        for n in range(40):
            post = Post("general", session, f"{n}")
            callers.append(asyncio.create_task(node.committer.append(post)))
        await asyncio.sleep(0)
        for caller in callers[::2]:
            caller.cancel()
    done = await asyncio.gather(*callers, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in done] == [True, False] * 20
    async with node.database.read() as connection:
        log = await events_between(connection, 2, 101)
    assert [e.event.message for e in log if isinstance(e.event, Posted)] == [
        f"{n}" for n in range(40)
    ]
    assert [outcome for outcome in done if not isinstance(outcome, BaseException)] == log[1::2]
