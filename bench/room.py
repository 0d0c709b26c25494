"""A server with a crowd in it, for the time of a ``with``: what most scenarios measure on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import uvloop

from bench.crowd import Crowd
from bench.member import Member
from bench.result import NoResult
from bench.servers import Server
from bench.tally import Tally

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Seats:
    """Who sits where: members spread evenly over rooms, of whom the first ones of each speak.

    The senders and one in ``watch_every`` of the other members are watched: latency and order are
    theirs.
    """

    members: int = 100
    rooms: int = 1
    senders: int = 20
    watch_every: int = 10

    @property
    def names(self) -> list[str]:
        return [f"room {index % self.rooms}" for index in range(self.members)]

    @property
    def watched(self) -> set[int]:
        return {*range(self.senders), *range(self.senders, self.members, self.watch_every)}


def with_crowd(
    server: Server, seats: Seats, measure: Callable[[Crowd, Sequence[Member]], Awaitable[_T]]
) -> _T:
    """Seat a crowd on a server and measure something once all is quiet."""

    async def run() -> _T:
        async with Crowd(server.ports, server.dialect) as crowd:
            await crowd.connect(seats.names, seats.watched)
            await crowd.quiet()
            return await measure(crowd, crowd.members[: seats.senders])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def clean(result: Tally) -> Tally:
    """Pass a run on if it is one.

    Raises:
        NoResult: something was lost, repeated, out of order or not acknowledged.
    """
    if result.faults:
        raise NoResult(result.faults)
    return result
