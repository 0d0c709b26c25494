"""How fast does the log grow when nobody shares a room?

200 rooms of one member, each with 8 chats on their way: hardly any fan-out, many rooms in
a batch. The peer writes nothing down; its figure is what passing on alone costs.
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

_ROOMS = 200
_WINDOW = 8


def append(plan: Plan) -> list[Line]:
    """Measure events a second over many rooms."""
    with chatlog() as server:
        mine = _appended(server, plan.seconds)
    peers: list[Tally] = []
    if plan.with_node:
        with node() as server:
            peers.append(_appended(server, plan.seconds))
    return [
        Line(
            "append",
            "events",
            "/s",
            [mine.messages_per_second],
            [run.messages_per_second for run in peers],
        ),
        Line(
            "append",
            "CPU an event",
            "µs",
            [mine.server_cpu_us_per_message],
            [run.server_cpu_us_per_message for run in peers],
            "less",
        ),
    ]


def _appended(server: Server, seconds: float) -> Tally:
    async def measure(crowd: Crowd, senders: Sequence[Member]) -> Tally:
        return await at_full_speed(crowd, server.cpu_seconds, senders, _WINDOW, seconds)

    return clean(with_crowd(server, Seats(_ROOMS, rooms=_ROOMS, senders=_ROOMS), measure))
