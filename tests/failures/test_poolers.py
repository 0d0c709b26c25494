"""PgBouncer between chatlog and PostgreSQL: what it drops, and whose turn comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from chatlog.databases.opening import open_for_writing
from chatlog.databases.postgres import backend as postgres
from chatlog.domain.errors import LogError
from tests.support.checker import assert_holds
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.pgbouncer import running_pgbouncer
from tests.support.record import Record

from .conftest import NodeOf

TABLES = "SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname IN ('public', 'chatlog')"


@pytest.fixture(params=["session", "transaction"])
def pooled_url(request: pytest.FixtureRequest, empty_postgres_url: str) -> Iterator[str]:
    with running_pgbouncer(empty_postgres_url, request.param) as url:
        yield url


async def column(url: str, statement: str) -> list[object]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_two_servers_and_other_clients_share_a_pooler_and_keep_every_promise(
    pooled_url: str, empty_postgres_url: str, node_of: NodeOf
) -> None:
    record = Record()
    ada = InsideClient(await node_of(pooled_url, node="first"), record, "ada")
    bob = InsideClient(await node_of(pooled_url, node="second"), record, "bob")
    await ada.join("general")
    await bob.join("general")
    stop = asyncio.Event()
    other = asyncio.create_task(another_client(pooled_url, stop))
    ids = [f"c-{i}" for i in range(50)]
    acks = [await client.chat("general", i, id=i) for i in ids for client in (ada, bob)]
    assert {ack.type for ack in acks} == {"ack"}
    stop.set()
    await other
    last = await ada.chat("general", "and on", id="last")
    await bob.wait(lambda frame: frame.is_event and frame.seq >= last.seq)
    page = await bob.ask("history", room="general", after=0, limit=500)
    record.logs["general"] = list(page.events)
    assert_holds(record, settled=True)
    assert await column(empty_postgres_url, TABLES) == ["chatlog"]


async def another_client(url: str, stop: asyncio.Event) -> None:
    """Leave in the server connections what harms who relies on them."""
    while not stop.is_set():
        connection = await asyncpg.connect(url, statement_cache_size=0)
        try:
            await connection.execute("SET search_path = public; SET synchronous_commit = off")
        finally:
            await connection.close()


async def test_the_commands_go_through_a_pooler(pooled_url: str, empty_postgres_url: str) -> None:
    for arguments in (("migrate",), ("rooms",), ("verify",), ("rebuild",)):
        ended = await chatlog(*arguments, database=pooled_url)
        assert ended.status == 0, ended
    assert await column(empty_postgres_url, TABLES) == ["chatlog"]


async def test_a_pooler_without_transactions_is_refused_in_a_sentence(
    empty_postgres_url: str,
) -> None:
    with running_pgbouncer(empty_postgres_url, "statement") as url:
        ended = await chatlog("migrate", database=url)
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    assert "statement pooling" in ended.err
    assert await column(empty_postgres_url, TABLES) == []


async def test_nothing_is_made_outside_of_the_logs_own_schema(
    empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres._WRITES, "search_path", "public")
    with pytest.raises(LogError, match="search_path"):
        async with open_for_writing(empty_postgres_url):
            pass
    assert await column(empty_postgres_url, TABLES) == []


async def test_a_setting_that_is_not_kept_is_an_error(
    empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "chatlog.databases.postgres.session.set_statement", lambda *_, **__: "SELECT 1"
    )
    with pytest.raises(LogError, match="does not keep search_path=chatlog"):
        async with open_for_writing(empty_postgres_url):
            pass


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_a_database_that_is_not_utf_8_is_refused_by_its_encoding(
    encoding: str, empty_postgres_url: str
) -> None:
    name = f"odd_{encoding.lower()}"
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        await connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
        )
        here = await connection.fetchval("SELECT current_database()")
        url = empty_postgres_url.replace(f"/{here}", f"/{name}")
        for arguments in (
            ("migrate",),
            ("rooms",),
            ("redact", "general", "1", "--reason", "r"),
            ("serve", "--port", "0"),
        ):
            ended = await chatlog(*arguments, database=url)
            assert ended.status == 2, ended
            assert "Traceback" not in ended.err
            assert f"encoding is {encoding}" in ended.err.splitlines()[-1]
        assert await column(url, TABLES) == []
    finally:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.close()
