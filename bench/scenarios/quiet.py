"""How long does a message take when little is said?

One room of 100 members, ten messages a second. A quiet room pays a commit an event.
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

_MESSAGES_PER_SECOND = 10.0


def quiet(plan: Plan) -> list[Line]:
    """Measure latency from the sender's write to a member's read at ten messages a second."""
    with chatlog() as server:
        mine = _loaded(server, plan.seconds)
    peers: list[Tally] = []
    if plan.with_node:
        with node() as server:
            peers.append(_loaded(server, plan.seconds))
    return [
        Line("quiet", "p50", "ms", [mine.p50_ms], [run.p50_ms for run in peers], "less"),
        Line("quiet", "p99", "ms", [mine.p99_ms], [run.p99_ms for run in peers], "less"),
    ]


def _loaded(server: Server, seconds: float) -> Tally:
    async def measure(crowd: Crowd, senders: Sequence[Member]) -> Tally:
        return await at_rate(crowd, server.cpu_seconds, senders, _MESSAGES_PER_SECOND, seconds)

    return clean(with_crowd(server, Seats(), measure))
