"""SIGTERM: everybody is told, leaves say why, and the process ends in time whoever is stuck."""

from __future__ import annotations

import asyncio
import time

from tests.support.checker import assert_holds
from tests.support.clients import Clients
from tests.support.command import chatlog

from .conftest import Serve

ROOM = "general"


async def test_a_stop_closes_with_1001_and_leaves_say_shutdown(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url)
    async with Clients(server) as clients:
        members = [await clients.connect(f"member {n}") for n in range(5)]
        await asyncio.gather(*(member.join(ROOM) for member in members))
        assert await server.stop() == 0
        endings = [await member.ended() for member in members]
        assert {closed.code for closed in endings} == {1001}

        await server.start()
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)
    leaves = [event.data["cause"] for event in clients.record.logs[ROOM] if event.is_leave]
    assert leaves == ["shutdown"] * 5


async def test_a_stop_in_the_midst_of_talk_loses_nothing_acknowledged(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        answers = [await ada.submit("chat", room=ROOM, message=f"{n}") for n in range(2_000)]
        await answers[100]
        assert await server.stop() == 0
        await ada.ended()
        await asyncio.gather(*answers, return_exceptions=True)

        await server.start()
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)


async def test_a_reader_that_is_stuck_does_not_hold_up_a_stop(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url, "--slow-seconds", "60")
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        stuck = await clients.connect_bare("stuck", receive_buffer=4096)
        await stuck.send("join", room=ROOM, username="stuck", id="join")
        await stuck.wait("caught_up")
        for _ in range(30):
            answers = [await ada.submit("chat", room=ROOM, message="x" * 4000) for _ in range(20)]
            await asyncio.gather(*answers)
        began = time.monotonic()
        assert await server.stop(within=6) == 0
        assert time.monotonic() - began < 5
        assert (await ada.ended()).code == 1001
        await stuck.read_to_end()

        await server.start()
        await clients.settle(ROOM)
    assert_holds(clients.record, settled=True)


async def test_to_migrate_a_file_needs_the_server_stopped(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    refused = await chatlog("migrate", database=sqlite_url)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.count("\n") == 1
    assert await server.stop() == 0
    assert (await chatlog("migrate", database=sqlite_url)).status == 0
