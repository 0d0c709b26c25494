"""What does a connection cost that only sits there?

2,000 members (``--connections``) in rooms of 50, joined and silent.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.crowd import Crowd
from bench.member import Member
from bench.process import resident_bytes
from bench.result import Line, NoResult, Plan
from bench.room import Seats, with_crowd
from bench.servers import Server, chatlog, node

_ROOM_SIZE = 50


def idle(plan: Plan) -> list[Line]:
    """Measure the memory that the connections added to the server's."""
    with chatlog() as server:
        mine = kib_per_connection(server, plan.connections)
    peers: list[float] = []
    if plan.with_node:
        with node() as server:
            peers.append(kib_per_connection(server, plan.connections))
    return [Line("idle", "memory a connection", "KiB", [mine], peers, "less")]


def kib_per_connection(server: Server, connections: int) -> float:
    """Return the KiB of memory that each idle member adds to a server."""
    before = resident_bytes(server.pid)

    async def measure(crowd: Crowd, _: Sequence[Member]) -> float:
        if any(member.closed for member in crowd.members):
            raise NoResult("connections cut")
        return (resident_bytes(server.pid) - before) / 1024 / connections

    seats = Seats(connections, rooms=connections // _ROOM_SIZE or 1, senders=0)
    return with_crowd(server, seats, measure)
