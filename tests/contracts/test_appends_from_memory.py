"""On SQLite a batch about rooms and people in memory takes one hop to the driver."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import groupby
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.sqlite import backend as sqlite
from chatlog.databases.sqlite.one_hop import OneHopConnection
from chatlog.domain.errors import LeaseLost, Unavailable
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Writer
from chatlog.kinds.chat import Post
from tests.support.logbook import Log, chats, join, leave, open_log

ROOM = "general"


@pytest.fixture
async def log(sqlite_url: str) -> AsyncIterator[Log]:
    async with open_log(sqlite_url) as opened:
        yield opened


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is sent to SQLite's thread."""
    found: Counter[str] = Counter()
    execute = OneHopConnection._execute

    async def counted(self: OneHopConnection, fn: Any, *args: Any, **kwargs: Any) -> Any:
        found[fn.__name__] += 1
        return await execute(self, fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(OneHopConnection, "_execute", counted)
    return found


async def test_a_batch_is_one_hop_and_looks_nothing_up(log: Log, hops: Counter[str]) -> None:
    session, bobs = await log.join(ROOM, "ada"), await log.join("other", "bob")
    statements: list[str] = []
    writing = log.database.backend._writing  # type: ignore[attr-defined]
    await writing.set_trace_callback(statements.append)
    hops.clear()
    await log.record(*chats(ROOM, session, ["one", "two"]), *chats("other", bobs, ["three"]))
    assert hops == {"_whole": 1}
    assert [kind for kind, _ in groupby(said.split()[0] for said in statements)] == [
        "BEGIN",
        "UPDATE",
        "INSERT",
        "COMMIT",
    ]


async def test_joins_and_leaves_of_known_people_are_one_hop_too(
    log: Log, hops: Counter[str]
) -> None:
    session = await log.join(ROOM, "ada")
    hops.clear()
    await log.record(leave(ROOM, session), join(ROOM, "ada"))
    assert hops == {"_whole": 1}
    rows = await log.table("SELECT left_seq, cause FROM sessions ORDER BY joined_seq")
    assert rows == [{"left_seq": 2, "cause": "left"}, {"left_seq": None, "cause": None}]


async def test_whoever_is_new_takes_one_hop_with_everything_that_is_read(
    log: Log, hops: Counter[str]
) -> None:
    await log.join(ROOM, "ada")
    hops.clear()
    await log.record(join("another", "bob"), join(ROOM, "eve"))
    assert hops == {"_at_once": 1}


async def test_a_transaction_in_one_hop_that_waits_for_something_else_is_refused(log: Log) -> None:
    session = await log.join(ROOM, "ada")

    async def step(_connection: AsyncConnection, batch: Batch) -> None:
        batch.settle(Post(ROOM, session, "never"))
        await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await log.writer.transact(step, at_once=True)
    [event] = await log.record(Post(ROOM, session, "next"))
    assert event.seq == 2


async def test_a_log_that_grew_without_this_writer_is_read_first(
    log: Log, hops: Counter[str]
) -> None:
    session = await log.join(ROOM, "ada")
    other = Writer(log.database, log.writer.node, doubt_seconds=5)
    await other.append([Post(ROOM, session, "from elsewhere")])
    hops.clear()
    [event] = await log.record(Post(ROOM, session, "from here"))
    assert hops["_whole"] == 1
    assert hops.total() > 1
    assert [found.seq for found in await log.events()] == [1, 2, 3]
    assert (await log.events())[-1] == event


async def test_a_node_that_was_declared_dead_writes_nothing(log: Log) -> None:
    session = await log.join(ROOM, "ada")
    await log.change("UPDATE nodes SET ended_at = seen_at")
    with pytest.raises(LeaseLost):
        await log.append(Post(ROOM, session, "too late"))
    assert len(await log.events()) == 1


async def test_a_clock_that_is_set_back_costs_no_hops_and_no_order(
    log: Log, hops: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await log.join(ROOM, "ada")
    monkeypatch.setattr(sqlite, "now_text", lambda: "2001-01-01T00:00:00.000000Z")
    hops.clear()
    [first], [second] = [await log.record(Post(ROOM, session, text)) for text in ("a", "b")]
    assert hops == {"_whole": 2}
    assert first.at == second.at > "2001-01-01T00:00:01"


async def test_a_row_that_is_refused_leaves_no_transaction_open(log: Log) -> None:
    session = await log.join(ROOM, "ada")
    [first] = await log.record(Post(ROOM, session, "hello", "an-id"))
    repeated, other = await log.append(
        Post(ROOM, session, "hello", "an-id"), Post(ROOM, session, "and more")
    )
    assert getattr(repeated, "seq", None) == first.seq
    assert [event.seq for event in await log.events()] == [1, 2, other.seq]  # type: ignore[union-attr]


async def test_what_waits_for_the_connection_gets_its_turn_beside_appends(log: Log) -> None:
    session = await log.join(ROOM, "ada")
    async with log.database.write() as connection, connection.begin():
        await connection.exec_driver_sql("UPDATE meta SET value = value")
        writing = log.append(Post(ROOM, session, "meanwhile"))
        task = asyncio.ensure_future(writing)
        await asyncio.sleep(0)
        assert not task.done()
    await task
    assert len(await log.events()) == 2


async def test_a_commit_that_fails_in_one_hop_leaves_no_transaction_open(log: Log) -> None:
    session = await log.join(ROOM, "ada")

    async def work(connection: AsyncConnection) -> None:
        transaction = await connection.begin()
        await connection.exec_driver_sql("CREATE TABLE one (id INTEGER PRIMARY KEY)")
        await connection.exec_driver_sql(
            "CREATE TABLE two (id REFERENCES one DEFERRABLE INITIALLY DEFERRED)"
        )
        await connection.exec_driver_sql("INSERT INTO two VALUES (1)")
        await transaction.commit()

    with pytest.raises(sa.exc.IntegrityError):
        await log.database.at_once(work)
    [event] = await log.record(Post(ROOM, session, "next"))
    assert event.seq == 2


async def test_rows_are_the_same_alone_and_with_others(sqlite_url: str) -> None:
    columns = "text, client_id, of, cause, details, contents, length(hash), length(text_salt)"
    types = "typeof(hash), typeof(text_commitment), typeof(text_salt), typeof(session)"
    texts = [f"{number}\x00é😀" for number in range(8)]
    async with open_log(sqlite_url) as log:
        session = await log.join(ROOM, "ada")
        await log.record(*chats(ROOM, session, texts))
        await log.record(*[join(ROOM, name) for name in "bcdef"])
        for text in texts:
            await log.record(*chats(ROOM, session, [text]))
        said = await log.table(f"SELECT {columns}, {types} FROM events WHERE type = 'chat'")
        assert [row["text"] for row in said[:8]] == texts
        together, alone = (
            [row | {"client_id": 0} for row in some] for some in (said[:8], said[8:])
        )
        assert together == alone
        assert {row["typeof(hash)"] for row in said} == {"blob"}
