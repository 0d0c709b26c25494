"""How much does one core deliver, when every batch is durable before it is seen?

One room of 100 members; each of 20 senders always has 128 chats on their way. The server has
one core and shares it with its SQLite thread; the generator has the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.crowd import Crowd
from bench.load import at_full_speed
from bench.member import Member
from bench.result import Line, Plan
from bench.room import Seats, clean, with_crowd
from bench.servers import Server, chatlog, node
from bench.tally import Tally

_WINDOW = 128
_WARM_SECONDS = 1.0
_LEAST_DELIVERIES = 1_000_000.0


def peak(plan: Plan) -> list[Line]:
    """Measure deliveries a second at full speed."""
    mine: list[Tally] = []
    peers: list[Tally] = []
    for _ in range(plan.repeat):
        with chatlog() as server:
            mine.append(saturated(server, plan.seconds))
        if plan.with_node:
            with node() as server:
                peers.append(saturated(server, plan.seconds))
    return _lines(mine, peers)


def saturated(server: Server, seconds: float) -> Tally:
    async def measure(crowd: Crowd, senders: Sequence[Member]) -> Tally:
        await at_full_speed(crowd, server.cpu_seconds, senders, _WINDOW, _WARM_SECONDS)
        return await at_full_speed(crowd, server.cpu_seconds, senders, _WINDOW, seconds)

    return clean(with_crowd(server, Seats(), measure))


def _lines(mine: list[Tally], peers: list[Tally]) -> list[Line]:
    return [
        Line(
            "peak",
            "deliveries",
            "/s",
            [run.deliveries_per_second for run in mine],
            [run.deliveries_per_second for run in peers],
            target=("chatlog", _LEAST_DELIVERIES),
        ),
        Line(
            "peak",
            "deliveries a CPU second",
            "/s",
            [run.deliveries_per_cpu_second for run in mine],
            [run.deliveries_per_cpu_second for run in peers],
            target=("chatlog", _LEAST_DELIVERIES),
        ),
        Line(
            "peak",
            "messages taken",
            "/s",
            [run.messages_per_second for run in mine],
            [run.messages_per_second for run in peers],
        ),
        Line(
            "peak",
            "generator's CPU",
            "cores",
            [run.generator_cores for run in mine],
            [run.generator_cores for run in peers],
            "less",
        ),
    ]
