"""Everybody comes at once: how many joins a second, and how long does one take?

1,000 members into one room, 50 on their way at any time. Each arrival is told to all who
are there, and the newcomer gets the list of users: half a million notifications.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import uvloop

from bench.crowd import Crowd
from bench.result import Line, NoResult, Plan
from bench.servers import Server, chatlog, node
from bench.tally import percentile

_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Storm:
    joins_per_second: float
    cpu_ms_per_join: float
    p50_ms: float
    p99_ms: float


def storm(plan: Plan) -> list[Line]:
    """Measure joins a second into one room."""
    with chatlog() as server:
        mine = stormed(server)
    peers: list[Storm] = []
    if plan.with_node:
        with node() as server:
            peers.append(stormed(server))
    return [
        Line(
            "storm", "joins", "/s", [mine.joins_per_second], [run.joins_per_second for run in peers]
        ),
        Line(
            "storm",
            "CPU a join",
            "ms",
            [mine.cpu_ms_per_join],
            [run.cpu_ms_per_join for run in peers],
            "less",
        ),
        Line("storm", "join p99", "ms", [mine.p99_ms], [run.p99_ms for run in peers], "less"),
    ]


def stormed(server: Server, members: int = _MEMBERS) -> Storm:
    """Let everybody come; raise NoResult where a connection was cut."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(server, members))


async def _measure(server: Server, members: int) -> Storm:
    async with Crowd(server.ports, server.dialect) as crowd:
        cpu, begun = server.cpu_seconds(), time.perf_counter()
        took = await crowd.connect(["storm"] * members)
        seconds = time.perf_counter() - begun
        await crowd.quiet()
        if any(member.closed for member in crowd.members):
            raise NoResult("connections cut")
        cpu_ms = (server.cpu_seconds() - cpu) * 1e3 / members
        p50, p99 = (percentile(took, part) * 1e3 for part in (0.5, 0.99))
        return Storm(members / seconds, cpu_ms, p50, p99)
