"""Every connection is set up as the promises need it, and says so itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database, backend_for
from chatlog.databases.sqlite import backend as sqlite
from chatlog.domain.errors import LogError
from chatlog.eventlog.read import end
from tests.support.logbook import Log, join, open_log

WRITES = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "secure_delete": 1,
    "busy_timeout": 5000,
    "trusted_schema": 0,
}
READS = {"journal_mode": "wal", "query_only": 1, "busy_timeout": 5000, "trusted_schema": 0}
POSTGRESQL = {
    "search_path": "chatlog",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
}

Lend = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


async def settings_of(lend: Lend, connections: int, names: list[str], show: str) -> list[object]:
    """Ask so many connections at once for their settings."""
    found: list[object] = []
    async with AsyncExitStack() as stack:
        lent = [await stack.enter_async_context(lend()) for _ in range(connections)]
        for connection in lent:
            values = [(await connection.exec_driver_sql(f"{show} {n}")).scalar() for n in names]
            found.append(dict(zip(names, values, strict=True)))
    return found


async def test_every_pragma_is_set_on_every_connection_of_sqlite(sqlite_url: str) -> None:
    async with open_log(sqlite_url) as log:
        for _ in range(2):  # a connection that is made anew has them again
            write, read = log.database.write, log.database.read
            assert await settings_of(write, 1, list(WRITES), "PRAGMA") == [WRITES]
            assert await settings_of(read, 2, list(READS), "PRAGMA") == [READS] * 2
            await log.database.dispose()


async def test_a_pragma_that_is_not_taken_is_an_error(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "synchronous", 7)
    with pytest.raises(LogError, match="synchronous"):
        async with open_log(sqlite_url):
            pass


async def test_postgresql_commits_durably_and_reads_in_snapshots(postgres_url: str) -> None:
    async with open_log(postgres_url) as log:
        # What a careless administrator may have set for the whole database.
        name = sa.make_url(postgres_url).database
        for setting in ("synchronous_commit = off", "default_transaction_isolation = serializable"):
            await log.change(f"ALTER DATABASE {name} SET {setting}")
        await log.database.dispose()
        write, read = log.database.write, log.database.read
        assert await settings_of(write, 1, list(POSTGRESQL), "SHOW") == [POSTGRESQL]
        names = ["transaction_isolation", "transaction_read_only"]
        expected = {"transaction_isolation": "repeatable read", "transaction_read_only": "on"}
        assert await settings_of(read, 2, names, "SHOW") == [expected] * 2


async def test_nothing_is_written_where_triggers_are_off(postgres_url: str) -> None:
    async with open_log(postgres_url) as log:
        await log.join("general", "ada")
        name = sa.make_url(postgres_url).database
        await log.change(f"ALTER DATABASE {name} SET session_replication_role = replica")
        await log.database.dispose()
        with pytest.raises(LogError, match="ALTER DATABASE"):
            await log.record(join("general", "bob"))
        assert len(await log.events()) == 1  # what is there can be read, and verified


async def test_a_reader_sees_one_moment_of_the_log_however_often_it_looks(log: Log) -> None:
    await log.join("general", "ada")
    async with log.database.read() as connection:
        before = await end(connection)
        await log.record(join("general", "bob"))
        assert await end(connection) == before
        open_ = await connection.execute(sa.text("SELECT count(*) FROM sessions"))
        assert open_.scalar() == 1


async def test_a_reader_cannot_write(log: Log) -> None:
    await log.join("general", "ada")
    async with log.database.read() as connection:
        with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
            await connection.execute(sa.text("DELETE FROM sessions"))


async def test_more_readers_than_connections_wait_for_each_other(log: Log) -> None:
    await log.join("general", "ada")
    found = await asyncio.gather(*(log.events() for _ in range(10)))
    assert all(len(events) == 1 for events in found)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"]
)
async def test_a_url_that_is_none_of_ours_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(LogError, match=r"URL|SQLite|sqlite"):
        backend_for(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
async def test_both_names_of_postgresql_mean_the_same(postgres_url: str, scheme: str) -> None:
    database = Database(postgres_url.replace("postgresql", scheme, 1))
    try:
        async with database.read() as connection:
            assert (await connection.execute(sa.text("SELECT 1"))).scalar() == 1
    finally:
        await database.dispose()


async def test_postgresql_keeps_a_statement_for_all_its_executions(postgres_url: str) -> None:
    kept = (
        "SELECT generic_plans + custom_plans FROM pg_prepared_statements "
        "WHERE statement LIKE 'SELECT coalesce(max(events.position)%'"
    )
    async with open_log(postgres_url) as log:
        for _ in range(20):
            async with log.database.read() as connection:
                await end(connection)
        async with log.database.read() as connection:
            executions = (await connection.exec_driver_sql(kept)).scalars().all()
    assert executions == [20]
