"""Harm to a cluster: each function does it, and returns once it has been undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.failures.admin import administrator
from tests.support.client import Client
from tests.support.postgres import start_postgres, stop_postgres
from tests.support.server import Server, until

from .cluster import START_SECONDS, Cluster, stopped
from .crowd import Crowd, crowded

_LISTENING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'chatlog bell' AND query SIMILAR TO '(LISTEN|SELECT 1)%'
"""
_TERMINATED = """
    SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'chatlog bell'
"""

Fault = Callable[[Cluster, Crowd], Awaitable[None]]


async def a_node_is_killed(cluster: Cluster, crowd: Crowd) -> None:
    """``kill -9``, and it is started again."""
    victim = cluster.servers[1]
    await victim.kill()
    await victim.start(START_SECONDS)


async def a_node_is_stopped_past_its_lease(cluster: Cluster, crowd: Crowd) -> None:
    """SIGSTOP until the others have taken it for dead, then SIGCONT: it begins afresh."""
    victim = cluster.servers[2]
    number, there = await cluster.number_of(victim), crowd.there(victim)
    async with stopped(victim):
        await cluster.until_taken_for_dead(number)
    await _until_begun_again(cluster, victim, number)
    await _until_let_go(there)


async def the_database_is_restarted(cluster: Cluster, crowd: Crowd) -> None:
    await _outage(cluster, "fast")


async def the_database_is_killed(cluster: Cluster, crowd: Crowd) -> None:
    await _outage(cluster, "immediate")


async def a_node_is_cut_off(cluster: Cluster, crowd: Crowd) -> None:
    """Its way to the database is down until the others have taken it for dead."""
    assert cluster.namespace is not None
    victim = cluster.servers[-1]
    number, there = await cluster.number_of(victim), crowd.there(victim)
    await cluster.namespace.cut()
    try:
        await cluster.until_taken_for_dead(number)
    finally:
        await cluster.namespace.mend()
    await _until_begun_again(cluster, victim, number)
    await _until_let_go(there)


async def nats_is_stopped(cluster: Cluster, crowd: Crowd) -> None:
    """Chats cross by polling until it is back."""
    assert cluster.nats is not None
    await cluster.nats.stop()
    await crowd.everywhere(20)
    await cluster.nats.start()


async def bells_are_terminated(cluster: Cluster, crowd: Crowd) -> None:
    """End the connections that listen and those that notify, and once more when they are back."""
    async with administrator(cluster.url) as admin:
        for _ in range(2):

            async def is_up() -> bool:
                return bool(await admin.value(_LISTENING) == len(cluster.servers))

            await until(is_up, 30, "servers that all listen")
            assert await admin.value(_TERMINATED) >= len(cluster.servers)
            await crowd.everywhere(5)
        await until(is_up, 30, "servers that all listen again")


async def _outage(cluster: Cluster, mode: str) -> None:
    await asyncio.to_thread(stop_postgres, cluster.postgres, mode)

    async def is_noticed() -> bool:
        return not any([await server.is_ready() for server in cluster.servers])

    await until(is_noticed, 30, "servers that say they cannot write")
    await asyncio.to_thread(start_postgres, cluster.postgres)

    async def is_over() -> bool:
        return all([await server.is_ready() for server in cluster.servers])

    await until(is_over, 60, "servers that have recovered by themselves")


async def _until_begun_again(cluster: Cluster, server: Server, former: int) -> None:
    async def has_begun() -> bool:
        return await cluster.number_of(server) > former and await server.is_ready()

    await until(has_begun, 60, "a server that was taken for dead and has begun again")


async def _until_let_go(there: list[Client]) -> None:
    """Wait for the end of connections to a server that was taken for dead."""
    for client in there:
        closed = await client.ended(60)
        assert closed.code in (1001, None), f"{client.connection.label} ended with {closed}"


async def suffer(cluster: Cluster, fault: Fault) -> None:
    """Do harm while a crowd is at work in a room of its own; settle and judge."""
    room = fault.__name__.replace("_", " ")
    try:
        async with crowded(cluster.servers, room) as crowd:
            await fault(cluster, crowd)
    except BaseException as error:
        error.add_note(f"While or after {room}.")
        raise
    if fault in DEADLY:
        causes = [event.data.get("cause") for event in crowd.clients.record.logs[room]]
        assert "lapsed" in causes, f"Nobody was at the node: {causes}"


DEADLY = (a_node_is_killed, a_node_is_stopped_past_its_lease, a_node_is_cut_off)
"""Faults in which sessions lapse."""
