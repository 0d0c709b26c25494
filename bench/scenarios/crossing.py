"""How much later than its author does a member on another node get a message?

Two nodes on one PostgreSQL whose commits are durable, one room with a member on each; the one on
the first node sends 20 messages a second. The author's own frame follows the commit, so what its
latency is less than the other member's is what the crossing adds to the commit: the bell, the
second node's read and its delivery. Measured for each bell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.crowd import Crowd
from bench.load import at_rate
from bench.member import Member
from bench.nats import nats
from bench.postgres import Postgres, postgres
from bench.result import Line, NoResult, Plan
from bench.room import Seats, clean, with_crowd
from bench.servers import nodes
from bench.tally import percentile

_MESSAGES_PER_SECOND = 20.0
_WARM_SECONDS = 1.0
_TIMES_AS_LONG = 4
"""As other loads: 80 messages, of the usual four seconds, tell no 99th percentile."""
_MOST_MS = 5.0
_SEATS = Seats(members=2, rooms=1, senders=2)
"""Both are watched; the first one sends."""


@dataclass(frozen=True, slots=True)
class _Crossing:
    """Latencies in ns of the same messages: to their author, and what the crossing added."""

    own: list[int]
    added: list[int]


def crossing(plan: Plan) -> list[Line]:
    """Measure the latency that another node adds to the commit, for each bell."""
    lines = []
    with postgres() as server, nats() as url:
        for name, bus in (("LISTEN/NOTIFY", "auto"), ("NATS", url), ("polling", "poll")):
            found = _measured(server, bus, plan.seconds * _TIMES_AS_LONG)
            lines += _lines(name, found, is_bell=bus != "poll")
    return lines


def _measured(server: Postgres, bus: str, seconds: float) -> _Crossing:
    async def measure(crowd: Crowd, members: Sequence[Member]) -> _Crossing:
        author, other = members
        await at_rate(crowd, cluster.cpu_seconds, [author], _MESSAGES_PER_SECOND, _WARM_SECONDS)
        clean(await at_rate(crowd, cluster.cpu_seconds, [author], _MESSAGES_PER_SECOND, seconds))
        own, others = author.latencies_ns, other.latencies_ns
        if len(own) != len(others):
            raise NoResult(f"{len(own)} messages came back, {len(others)} crossed")
        added = [there - here for here, there in zip(own, others, strict=True)]
        return _Crossing(list(own), added)

    with nodes(2, server.fresh(), ("--bus", bus)) as cluster:
        return with_crowd(cluster, _SEATS, measure)


def _lines(bell: str, found: _Crossing, *, is_bell: bool) -> list[Line]:
    def line(what: str, values: list[int], part: float) -> Line:
        ms = percentile(values, part) / 1e6
        return Line("crossing", f"{bell}: {what}", "ms", [ms], better="less")

    median = line("added by the crossing, p50", found.added, 0.5)
    return [
        line("the commit, p50", found.own, 0.5),
        replace(median, target=("chatlog", _MOST_MS)) if is_bell else median,
        line("added by the crossing, p99", found.added, 0.99),
    ]
