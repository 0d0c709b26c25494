"""What does it cost to be several, and PostgreSQL instead of a file?

20 rooms of 10 members, of whom one sends; the members of each room are spread over all nodes, so
every node delivers every message. SQLite with its one node, then 1, 2 and 4 nodes on one
PostgreSQL whose commits are durable. All of them and PostgreSQL share one core, so throughput
falls with what one message costs together; CPU a message, at a rate that all of them keep up with,
is what tells how many cores a load needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.crowd import Crowd
from bench.load import at_full_speed, at_rate
from bench.member import Member
from bench.postgres import postgres
from bench.result import Line, Plan
from bench.room import Seats, clean, with_crowd
from bench.servers import Server, chatlog, nodes
from bench.tally import Tally

_SEATS = Seats(members=200, rooms=20, senders=20)
_WINDOW = 8
_MESSAGES_PER_SECOND = 400.0
_WARM_SECONDS = 1.0
_COUNTS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """At full speed and at the given rate; of the latter, PostgreSQL's CPU seconds."""

    full: Tally
    rated: Tally
    postgres_cpu_seconds: float

    @property
    def postgres_us_per_message(self) -> float:
        return self.postgres_cpu_seconds * 1e6 / self.rated.messages


def several_nodes(plan: Plan) -> list[Line]:
    """Measure throughput and CPU a message on SQLite, and with 1, 2 and 4 nodes on PostgreSQL."""
    found: dict[str, _Loaded] = {}
    with chatlog() as server:
        found["SQLite"] = _loaded(server, plan.seconds, lambda: 0.0)
    with postgres() as database:
        for count in _COUNTS:
            with nodes(count, database.fresh()) as cluster:
                name = f"PostgreSQL, {count} node{'s' if count > 1 else ''}"
                found[name] = _loaded(cluster, plan.seconds, database.cpu_seconds)
    return [line for name, loaded in found.items() for line in _lines(name, loaded)]


def _loaded(server: Server, seconds: float, database_seconds: Callable[[], float]) -> _Loaded:
    async def measure(crowd: Crowd, senders: Sequence[Member]) -> _Loaded:
        cpu, rate = server.cpu_seconds, _MESSAGES_PER_SECOND
        await at_full_speed(crowd, cpu, senders, _WINDOW, _WARM_SECONDS)
        full = clean(await at_full_speed(crowd, cpu, senders, _WINDOW, seconds))
        await at_rate(crowd, cpu, senders, rate, _WARM_SECONDS)
        before = database_seconds()
        rated = clean(await at_rate(crowd, cpu, senders, rate, seconds))
        return _Loaded(full, rated, database_seconds() - before)

    return with_crowd(server, _SEATS, measure)


def _lines(kind: str, found: _Loaded) -> list[Line]:
    def speed(what: str, value: float) -> Line:
        return Line("nodes", f"{kind}: {what}", "/s", [value])

    def cost(whose: str, value: float) -> Line:
        return Line("nodes", f"{kind}: {whose} CPU a message", "µs", [value], better="less")

    lines = [
        speed("appends", found.full.messages_per_second),
        speed("deliveries", found.full.deliveries_per_second),
        cost("servers'", found.rated.server_cpu_us_per_message),
    ]
    if found.postgres_cpu_seconds:
        lines.append(cost("PostgreSQL's", found.postgres_us_per_message))
    return lines
