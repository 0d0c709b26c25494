"""The same load on both: what does a delivery cost?

One room of 100 members, 900 messages a second by 20 of them: 90,000 deliveries a second,
near the most that the peer can do. chatlog's chats have ids and are acknowledged once they
are durable; the peer knows neither ids nor a log.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.crowd import Crowd
from bench.load import at_rate
from bench.member import Member
from bench.result import Line, Plan
from bench.room import Seats, clean, with_crowd
from bench.servers import Server, chatlog, node
from bench.tally import Tally

_MESSAGES_PER_SECOND = 900.0
_WARM_SECONDS = 1.0
_LEAST_RATIO = 3.0


def equal_load(plan: Plan) -> list[Line]:
    """Measure deliveries a CPU second, and latency, at 900 messages a second."""
    mine: list[Tally] = []
    peers: list[Tally] = []
    for _ in range(plan.repeat):
        with chatlog() as server:
            mine.append(loaded(server, plan.seconds))
        if plan.with_node:
            with node() as server:
                peers.append(loaded(server, plan.seconds))
    return _lines(mine, peers)


def loaded(server: Server, seconds: float) -> Tally:
    async def measure(crowd: Crowd, senders: Sequence[Member]) -> Tally:
        await at_rate(crowd, server.cpu_seconds, senders, _MESSAGES_PER_SECOND, _WARM_SECONDS)
        return await at_rate(crowd, server.cpu_seconds, senders, _MESSAGES_PER_SECOND, seconds)

    return clean(with_crowd(server, Seats(), measure))


def _lines(mine: list[Tally], peers: list[Tally]) -> list[Line]:
    name = "equal-load"
    return [
        Line(
            name,
            "deliveries a CPU second",
            "/s",
            [run.deliveries_per_cpu_second for run in mine],
            [run.deliveries_per_cpu_second for run in peers],
            target=("ratio", _LEAST_RATIO),
        ),
        Line(
            name,
            "CPU a message",
            "µs",
            [run.server_cpu_us_per_message for run in mine],
            [run.server_cpu_us_per_message for run in peers],
            "less",
        ),
        Line(name, "p50", "ms", [r.p50_ms for r in mine], [r.p50_ms for r in peers], "less"),
        Line(name, "p99", "ms", [r.p99_ms for r in mine], [r.p99_ms for r in peers], "less"),
    ]
