"""A server keeps its name: a dead former self is replaced, and a living one is not."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from chatlog.domain.errors import LogError
from chatlog.nodes.leases import NameTaken
from chatlog.runtime import Runtime
from chatlog.settings import Settings
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.nodes import migrated, node_on
from tests.support.record import Record
from tests.support.server import Server, until

from .admin import administrator
from .conftest import NodeOf, Start

LEASE = 1.5


async def test_a_killed_former_self_is_replaced_once_it_has_missed_a_renewal(
    postgres_url: str, node_of: NodeOf, start: Start
) -> None:
    former = await start(postgres_url, "--node", "same", "--lease-seconds", "6")
    async with Clients(former) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        await former.kill()
    loop = asyncio.get_running_loop()
    began = loop.time()
    node = await node_of(postgres_url, node="same")
    assert 6 / 3 < loop.time() - began < 20
    bob = InsideClient(node, Record(), "bob")
    await bob.join("general", after=0)
    left = await bob.wait(lambda frame: frame.is_leave)
    assert left.data["cause"] == "lapsed"


async def test_a_former_self_that_has_stopped_is_replaced_at_once(
    postgres_url: str, node_of: NodeOf
) -> None:
    async with node_on(postgres_url, node="same", lease_seconds=600):
        pass
    async with asyncio.timeout(60):
        await node_of(postgres_url, node="same", lease_seconds=600)


async def test_a_former_self_whose_lease_has_run_out_is_replaced_at_once(
    postgres_url: str, node_of: NodeOf, start: Start
) -> None:
    former = await start(postgres_url, "--node", "same", "--lease-seconds", "600")
    await former.kill()
    async with administrator(postgres_url) as admin:
        await admin.run("UPDATE chatlog.nodes SET seen_at = '2001-01-01T00:00:00.000000Z'")
    async with asyncio.timeout(60):
        await node_of(postgres_url, node="same", lease_seconds=600)


async def test_a_name_that_a_living_server_has_is_refused(
    postgres_url: str, node_of: NodeOf
) -> None:
    first = await node_of(postgres_url, node="same", lease_seconds=LEASE)
    ada = InsideClient(first, Record(), "ada")
    await ada.join("general")
    done = await chatlog(
        "serve", "--port", "0", "--max-connections", "9", "--node", "same", database=postgres_url
    )
    assert (done.status, done.out) == (2, "")
    assert "A server named same is already running" in done.err
    with pytest.raises(LogError, match="named same"):
        await node_of(postgres_url, node="same")
    assert (await ada.chat("general", "still here", id="c")).type == "ack"


async def test_of_two_servers_of_one_name_that_start_at_once_one_serves(
    postgres_url: str, node_of: NodeOf
) -> None:
    await migrated(postgres_url)
    starts = [node_of(postgres_url, node="same", lease_seconds=LEASE) for _ in range(2)]
    refused = [
        found
        for found in await asyncio.gather(*starts, return_exceptions=True)
        if not isinstance(found, Runtime)
    ]
    assert [type(error) for error in refused] == [NameTaken]


async def test_servers_that_were_given_no_name_leave_each_other_alone(
    postgres_url: str, node_of: NodeOf, caplog: pytest.LogCaptureFixture
) -> None:
    nodes = [await node_of(postgres_url, lease_seconds=LEASE) for _ in range(2)]
    people = [InsideClient(node, Record(), f"ada-{n}") for n, node in enumerate(nodes)]
    for person in people:
        await person.join("general")
    await asyncio.sleep(3 * LEASE)  # more renewals than it takes to end another
    assert all(person.is_open for person in people)
    assert not [found for found in caplog.records if found.levelname == "ERROR"]
    async with administrator(postgres_url) as admin:
        assert await admin.value("SELECT count(DISTINCT name) FROM chatlog.nodes") == 2


async def test_a_server_that_slept_while_another_took_its_name_goes_on_under_a_new_one(
    postgres_url: str, node_of: NodeOf, start: Start
) -> None:
    slept = await start(postgres_url, "--node", "same", "--lease-seconds", str(LEASE))
    slept.running.send_signal(signal.SIGSTOP)
    second = await node_of(postgres_url, node="same", lease_seconds=LEASE)
    bob = InsideClient(second, Record(), "bob")
    await bob.join("general")
    slept.running.send_signal(signal.SIGCONT)
    async with administrator(postgres_url) as admin:
        named = "SELECT count(*) FROM chatlog.nodes WHERE name ~ '^same-' AND ended_at IS NULL"

        async def is_renamed() -> bool:
            return bool(await admin.value(named) == 1)

        await until(is_renamed, 30, "a server that goes on")
        await asyncio.sleep(2 * LEASE)
        assert await is_renamed()
    assert bob.is_open
    async with Clients(slept) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")


async def test_a_server_that_waits_for_its_name_can_be_stopped(
    postgres_url: str, node_of: NodeOf, tmp_path: Path
) -> None:
    await node_of(postgres_url, node="same", lease_seconds=600)
    waiting = Server(postgres_url, tmp_path / "waiting.log", ("--node", "same"))
    starting = asyncio.create_task(waiting.start())

    async def is_waiting() -> bool:
        return "Waiting to see whether" in waiting.printed()

    await until(is_waiting, 60, "a server that waits")
    starting.cancel()
    assert await waiting.stop() == 0


@pytest.mark.parametrize("name", [" ", "a ", "a\nb", "a\x1b[1m", "\u202ea", "x" * 65, "a\udcff"])
def test_a_name_that_could_not_be_shown_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^node must have"):
        Settings(node=name)
