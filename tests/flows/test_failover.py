"""PostgreSQL's primary is killed and its standby promoted, while people chat on two servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.frames import Frame
from tests.support.server import until
from tests.support.standby import Pair, primary_and_standby
from tests.support.talkers import ROOM, Load, Stubborn

from .conftest import Serve


@pytest.fixture
def pair() -> Iterator[Pair]:
    with primary_and_standby() as started:
        yield started


async def assert_whole(url: str) -> None:
    verified = await chatlog("verify", database=url)
    assert verified.status == 0, verified


@pytest.mark.slow
async def test_a_synchronous_standby_takes_over_and_nothing_acknowledged_is_lost(
    serve: Serve, pair: Pair
) -> None:
    await pair.synchronize()
    servers = [await serve(pair.url), await serve(pair.url)]
    async with Clients(servers[0]) as first, Clients(servers[1], first.record) as second:
        second.opened, second._labels = first.opened, first._labels
        load, enough = Load(), asyncio.Event()
        talkers = [
            Stubborn(f"talker {number}", clients, load, enough=enough)
            for number in range(3)
            for clients in (first, second)
        ]
        async with asyncio.TaskGroup() as tasks:
            for talker in talkers:
                tasks.create_task(talker.talk())
            await load.wait_for(100)
            await pair.fail_over()
            await load.wait_for(200)
            enough.set()
        assert not any(talker.unanswered for talker in talkers)
        await first.settle(ROOM)

    assert_holds(first.record, settled=True)
    assert [server.running.returncode for server in servers] == [None, None]
    await assert_whole(pair.url)


@pytest.mark.slow
async def test_an_asynchronous_standby_loses_events_and_whoever_saw_them_is_told(
    serve: Serve, pair: Pair
) -> None:
    server = await serve(pair.url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        await ada.chat(ROOM, "kept")
        kept = ada.last[ROOM]
        await until(lambda: reached(pair), 20, "a standby that has everything")
        await pair.hold_back()
        for number in range(3):
            await ada.chat(ROOM, f"lost {number}")
        lost = ada.last[ROOM]
        await pair.fail_over()
        assert (await ada.ended()).code == 1001
        ada = await clients.connect("ada")
        assert await refusal(ada, lost) in ("after_unknown", "diverged")
        await ada.resume(ROOM, kept)
        for number in range(3):  # in the places of the lost ones
            await acknowledged(ada, f"instead {number}")

    async with Clients(await serve(pair.url)) as clients:
        eve = await clients.connect("eve")
        assert await refusal(eve, lost) == "diverged"
        await eve.resume(ROOM, kept)
        await eve.chat(ROOM, "and on")
        log = await clients.read_log(ROOM)
        texts = [frame.data["message"] for frame in log if "event" not in frame.data]
        assert texts == ["kept", *(f"instead {number}" for number in range(3)), "and on"]
    assert "The log has lost events" in server.log.read_text()
    assert server.running.returncode is None
    await assert_whole(pair.url)


async def reached(pair: Pair) -> bool:
    behind = "SELECT pg_current_wal_flush_lsn() - replay_lsn FROM pg_stat_replication"
    return bool(await pair.primary.value(behind) == 0)


async def acknowledged(client: Client, text: str) -> None:
    """Send a chat until it is acknowledged."""

    async def taken() -> bool:
        answer = await client.ask("chat", room=ROOM, id=text, message=text)
        return answer.type == "ack"

    await until(taken, 20, f"{text!r} is acknowledged")


async def refusal(client: Client, last: Frame) -> str:
    """Try to resume after a frame; return the code of the error."""
    given = {"after": last.seq, "hash": last.data["hash"]}
    answer = await client.ask("join", room=ROOM, username=client.name, **given)
    return str(answer.data["code"])
