"""A clock that was ahead: time stands still, and the log, the metrics and verify say so."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from chatlog.chat.log_clock import LogClock
from chatlog.domain import times
from chatlog.runtime import Runtime
from chatlog.web.metrics import NodeCollector
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.nodes import node_on
from tests.support.record import Record

from .admin import administrator
from .conftest import NodeOf
from .test_leases import sql

HOUR = 3_600.0


def in_an_hour() -> str:
    return times.text(datetime.now(UTC) + timedelta(hours=1))


def behind_seconds(node: Runtime) -> float:
    collected = NodeCollector(node, is_ready=True).collect()
    [metric] = [one for one in collected if one.name == "chatlog_clock_behind_seconds"]
    return float(metric.samples[0].value)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [found.getMessage() for found in caplog.records if found.levelname == "WARNING"]
    return [text for text in said if "behind the log" in text]


async def time_of(client: InsideClient, room: str) -> str:
    """Chat and return the time that the log gives it."""
    ack = await client.chat(room, "what time is it?")
    event = await client.wait(
        lambda frame: frame.type == "chat" and (frame.data["room"], frame.seq) == (room, ack.seq)
    )
    return str(event.data["at"])


async def run_ahead(url: str) -> str:
    """Have a room's last event be of in an hour, as if the clock had been ahead till now."""
    async with node_on(url) as node:
        assert behind_seconds(node) == 0
        ada = InsideClient(node, Record(), "ada")
        await ada.join("general")
        until = in_an_hour()
        await sql(node, "UPDATE nodes SET seen_at = :at", at=until)
        assert await time_of(ada, "general") == until
    return until


async def test_a_server_warns_once_that_time_stands_still_and_counts_the_seconds(
    node_of: NodeOf, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    until = await run_ahead(database_url)
    [said] = warnings(caplog)
    assert until in said
    caplog.clear()
    node = await node_of(database_url)
    assert HOUR - 120 < behind_seconds(node) <= HOUR
    bob = InsideClient(node, Record(), "bob")
    for room in ("general", "random"):
        await bob.join(room)
        for _ in range(3):
            assert (await time_of(bob, room) == until) == (room == "general")
    assert len(warnings(caplog)) == 1
    assert HOUR - 120 < behind_seconds(node) <= HOUR


async def test_verify_says_which_events_are_of_later_than_now_and_finds_nothing_wrong(
    database_url: str,
) -> None:
    before = await chatlog("verify", "--json", database=await made(database_url))
    assert json.loads(before.out)["ahead"] == []
    until = await run_ahead(database_url)
    done = await chatlog("verify", "--json", database=database_url)
    found = json.loads(done.out)
    assert (done.status, found["ok"]) == (0, True)
    [ahead] = found["ahead"]
    assert (ahead["room"], ahead["until"]) == ("general", until)
    assert ahead["events"] == 2  # the chat, and its author's leave
    for command in (("verify",), ("verify", "general")):
        done = await chatlog(*command, database=database_url)
        assert done.status == 0
        assert re.search(rf"general: 2 events dated in the future, up to {until}", done.out)
    assert (
        json.loads((await chatlog("verify", "quiet", "--json", database=database_url)).out)["ahead"]
        == []
    )


async def made(url: str) -> str:
    async with node_on(url) as node:
        await InsideClient(node, Record(), "bob").join("quiet")
    return url


def test_it_is_said_again_only_once_the_clock_had_caught_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, ten, eleven, noon = LogClock(), *(f"2026-11-22T{h}:00:00.000000Z" for h in (10, 11, 12))
    clock.note(ten, ten)
    assert (clock.behind_seconds, warnings(caplog)) == (0, [])
    clock.note(eleven, ten)
    clock.note(ten, ten)  # another room, which is not ahead
    assert HOUR - 1 < clock.behind_seconds <= HOUR
    assert len(warnings(caplog)) == 1
    clock.note(eleven, eleven)
    assert clock.behind_seconds == 0
    clock.note(noon, eleven)
    assert len(warnings(caplog)) == 2


@pytest.mark.parametrize("set_by", ["2 hours", "-2 hours"])
async def test_servers_that_live_keep_their_leases_when_the_clock_is_set(
    node_of: NodeOf, postgres_url: str, set_by: str
) -> None:
    nodes = [await node_of(postgres_url, node=n, lease_seconds=1.5) for n in ("a", "b")]
    people = [InsideClient(node, Record(), "ada") for node in nodes]
    for person in people:
        await person.join("general")
    async with administrator(postgres_url) as admin:
        # Setting the clock back makes every last renewal one of the future, and the reverse.
        await admin.run(
            "UPDATE chatlog.nodes SET seen_at = to_char(seen_at::timestamptz AT TIME ZONE 'UTC' "
            f"- interval '{set_by}', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        )
    for person in people:
        assert (await person.chat("general", "still here", id="c")).type == "ack"
        assert person.is_open
