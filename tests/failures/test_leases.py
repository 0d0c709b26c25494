"""Leases: a dead node's sessions lapse, a living one's never; who was taken for dead goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.chat import node_lease
from chatlog.chat.log_clock import LogClock
from chatlog.databases.database import Database
from chatlog.domain.errors import LogError
from chatlog.kinds.leave import Leave, Left
from chatlog.nodes import leases
from chatlog.nodes.reaper import leaves_due
from chatlog.operations.delegation import carry_out
from chatlog.runtime import Runtime
from chatlog.settings import Settings
from tests.support.checker import assert_holds
from tests.support.clients import Clients
from tests.support.inside import InsideClient
from tests.support.logbook import open_log
from tests.support.record import Record
from tests.support.server import until

from .admin import administrator
from .conftest import NodeOf, Start

LEASE = 1.5


async def sql(runtime: Runtime, statement: str, **parameters: Any) -> None:
    async with runtime.database.write() as connection, connection.begin():
        await connection.execute(sa.text(statement), parameters)


def test_a_dead_node_is_noticed_within_30_seconds() -> None:
    """Found expired at the next look, a third of a lease later; the same look has it closed."""
    settings = Settings()
    assert settings.lease_seconds / 3 <= 5
    assert settings.lease_seconds + 2 * settings.lease_seconds / 3 < 30


async def test_sessions_of_a_killed_process_lapse_from_a_living_one(
    start: Start, node_of: NodeOf, postgres_url: str
) -> None:
    doomed = await start(postgres_url, "--node", "doomed", "--lease-seconds", str(LEASE))
    living = await node_of(postgres_url, node="living", lease_seconds=LEASE)
    record = Record()
    watcher = InsideClient(living, record, "watcher")
    await watcher.join("general")
    async with Clients(doomed, record) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        last = await ada.chat("general", "my last words")
        await doomed.kill()
        async with administrator(postgres_url) as admin:
            renewed = await admin.value("SELECT seen_at FROM chatlog.nodes WHERE name = 'doomed'")
        began = asyncio.get_running_loop().time()
        left = await watcher.wait(lambda frame: frame.is_leave)
        took = asyncio.get_running_loop().time() - began
    assert (left.data["username"], left.data["cause"]) == ("ada", "lapsed")
    said = await watcher.wait(lambda frame: frame.seq == last.seq)
    assert said.data["at"] <= left.data["last_seen_at"] == renewed < left.data["at"]
    assert took < 2 * LEASE + 3  # of which the machine may take some
    page = await watcher.ask("history", room="general")
    record.logs["general"] = list(page.events)
    assert_holds(record, settled=True)


async def test_two_nodes_that_reap_a_third_at_once_end_each_session_once(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_log(postgres_url) as log:  # of a node that is not heard of any more
        sessions = {await log.join(f"room-{n % 3}", f"user-{n}") for n in range(30)}
        dead = log.writer.node.number
        both, due = asyncio.Barrier(2), leaves_due

        async def due_for_both(database: Database) -> list[Leave]:
            found = await due(database)
            if found:
                await both.wait()
            return found

        monkeypatch.setattr(node_lease, "leaves_due", due_for_both)
        reapers = [await node_of(postgres_url, lease_seconds=LEASE) for _ in range(2)]
        await log.change("UPDATE nodes SET lease_seconds = 1.5 WHERE id = :dead", dead=dead)

        async def is_over() -> bool:
            still_open = "SELECT 1 FROM sessions WHERE left_seq IS NULL"
            return not await log.table(still_open) and not any(len(r.departures) for r in reapers)

        await until(is_over, 30, "both have no leave left to write")
        left = [recorded.event for recorded in await log.events() if recorded.event.type == "leave"]
    assert {event.session for event in left if isinstance(event, Left)} == sessions
    assert [event.cause for event in left if isinstance(event, Left)] == ["lapsed"] * len(sessions)
    assert sum(reaper.committer.appended for reaper in reapers) == len(sessions)


async def test_a_quiet_node_keeps_its_lease_for_many_lease_times(
    node_of: NodeOf, postgres_url: str
) -> None:
    first = await node_of(postgres_url, node="first", lease_seconds=LEASE)
    second = await node_of(postgres_url, node="second", lease_seconds=LEASE)
    ada = InsideClient(first, Record(), "ada")
    await ada.join("general")
    async with administrator(postgres_url) as admin:
        ended = "SELECT count(*) FROM chatlog.nodes WHERE ended_at IS NOT NULL"
        loop = asyncio.get_running_loop()
        until = loop.time() + 3 * LEASE
        while loop.time() < until:
            assert await admin.value(ended) == 0
            await asyncio.sleep(LEASE / 10)
    assert ada.is_open
    assert len(second.rooms) == 0


async def test_who_was_taken_for_dead_sends_its_clients_away_and_goes_on_as_a_new_node(
    node_of: NodeOf, database_url: str
) -> None:
    node, record = await node_of(database_url, lease_seconds=LEASE), Record()
    ada = InsideClient(node, record, "ada")
    await ada.join("general")
    await sql(node, "UPDATE nodes SET ended_at = seen_at")
    answer = await ada.chat("general", "am I dead?", id="c-1")
    assert answer.data["code"] == "unavailable"
    assert await ada.ended() == 1001
    back = InsideClient(node, record, "ada", "ada, back")
    await back.join("general", after=1)
    assert (await back.chat("general", "no", id="c-1")).type == "ack"
    left = await back.wait(lambda frame: frame.is_leave)
    assert left.data["cause"] in ("lapsed", "disconnected")
    page = await back.ask("history", room="general")
    record.logs["general"] = list(page.events)
    assert_holds(record, settled=True)


async def test_a_node_that_cannot_begin_again_at_once_tries_until_it_can(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await node_of(sqlite_url, lease_seconds=LEASE)
    begin, failures = leases.begin, [OSError("the database is gone"), OSError("still gone")]

    async def unlucky(*arguments: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return await begin(*arguments, **named)

    monkeypatch.setattr(leases, "begin", unlucky)
    await sql(node, "UPDATE nodes SET ended_at = seen_at")

    async def joined() -> bool:
        client = InsideClient(node, Record(), "ada")
        await client.send("join", room="general", username="ada")
        return any(frame.type == "caught_up" for frame in client.frames)

    await until(joined, 30, "a node that goes on")
    assert not failures


async def test_a_server_that_cannot_start_leaves_no_living_node_behind(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise LogError("there is no clock")

    monkeypatch.setattr(LogClock, "look", fail)
    with pytest.raises(LogError, match="no clock"):
        await node_of(postgres_url)
    async with open_log(postgres_url) as log:
        found = await leases.open_nodes(log.database)
    assert len(found) == 1  # that of the log that was opened


async def test_a_node_whose_database_is_lost_while_it_begins_again_keeps_its_name(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await node_of(postgres_url, lease_seconds=LEASE, node="a")
    begin, begun, failures = leases.begin, list[str](), [OSError("the database is gone")]

    async def noted(database: Database, name: str, **named: Any) -> Any:
        begun.append(name)
        return await begin(database, name, **named)

    async def unlucky(database: Database) -> list[Leave]:
        if begun and failures:
            raise failures.pop()
        return await leaves_due(database)

    monkeypatch.setattr(leases, "begin", noted)
    monkeypatch.setattr(node_lease, "leaves_due", unlucky)
    before = node.writer.node
    await sql(node, "UPDATE nodes SET ended_at = seen_at")

    async def is_another() -> bool:
        return node.writer.node != before

    await until(is_another, 30, "a node that goes on")
    assert (begun, failures) == (["a"], [])
    assert node.writer.node.given_name == "a"


@pytest.mark.parametrize("outage", ["the log is locked", "connections end"])
async def test_nobody_is_taken_for_dead_after_an_outage_in_which_nobody_could_renew(
    node_of: NodeOf, postgres_url: str, outage: str
) -> None:
    nodes = [await node_of(postgres_url, node=n, lease_seconds=LEASE) for n in ("a", "b")]
    people = [InsideClient(node, Record(), "ada") for node in nodes]
    for person in people:
        await person.join("general")
    await asyncio.sleep(1.5 * LEASE)  # until both would take others for dead
    async with administrator(postgres_url) as admin:
        if outage == "the log is locked":
            async with admin.holding_the_log():
                await asyncio.sleep(2 * LEASE)
        else:
            await _refuse_connections(admin, 2 * LEASE)
        await asyncio.sleep(LEASE)
        assert await admin.value("SELECT count(*) FROM chatlog.nodes WHERE ended_at > ''") == 0
    assert all(person.is_open for person in people)
    for person in people:
        assert (await person.chat("general", "still here", id="c")).type == "ack"


async def test_an_erasure_right_after_an_outage_takes_no_living_node_for_dead(
    node_of: NodeOf, postgres_url: str
) -> None:
    node = await node_of(postgres_url, node="a", lease_seconds=6.0)
    ada, bob = InsideClient(node, Record(), "ada"), InsideClient(node, Record(), "bob")
    for person in (ada, bob):
        await person.join("general")
    await sql(node, "UPDATE nodes SET seen_at = '2025-01-01T00:00:00.000000Z'")
    asked = {"username": "ada", "by": "eve", "reason": "asked to"}
    await carry_out(postgres_url, "erase-user", asked)
    left = await bob.wait(lambda frame: frame.is_leave)
    assert left.data["cause"] == "kicked"  # its server has renewed its lease meanwhile
    async with administrator(postgres_url) as admin:
        assert not await admin.value("SELECT ended_at FROM chatlog.nodes WHERE name = 'a'")
    assert (await bob.chat("general", "still here", id="c")).type == "ack"


async def _refuse_connections(admin: Any, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:  # whoever comes is ended, again and again
        await admin.terminate_all()
