"""A server with a crowd, to try rates on until the highest is found."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Final

import uvloop

from bench.crowd import Crowd
from bench.load import at_full_speed
from bench.servers import Server
from bench.table.loads import Shape
from bench.table.runs import WARM_SECONDS, keeps_up, short
from bench.table.search import highest
from bench.table.servers import Column
from bench.tally import Tally

_FULL_CORE: Final = 0.9
_ATTEMPTS: Final = 2
_FAR_OVER: Final = 0.75
_IN_FLIGHT: Final = 50_000
_MOST_IN_FLIGHT: Final = 128
_ESTIMATE_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 2.0
_LOW_DELIVERIES: Final = 10_000.0


def highest_rate(column: Column, shape: Shape, seconds: float) -> tuple[float, bool]:
    """Search the messages a second that a server keeps up with in runs of so many seconds.

    Also tells whether the generator was full at the least rate that did not pass: then the server
    may be able to do more.
    """

    async def search() -> tuple[float, bool]:
        session = Session(column, shape, seconds)
        try:
            found = await highest(session.keeps_up, await session.estimate())
        finally:
            await session.close()
        return found, session.is_generator_full

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(search())


class Session:
    """One server for a whole search; started afresh only after a run that it did not end."""

    def __init__(self, column: Column, shape: Shape, seconds: float) -> None:
        self.is_generator_full = False
        """At the last rate that did not pass, which in a search is the least."""
        self._column, self._shape, self._seconds = column, shape, seconds
        self._stack = AsyncExitStack()
        self._running: tuple[Server, Crowd] | None = None

    async def estimate(self) -> float:
        """Return how many messages a second pass while senders wait for their own: warms up too."""
        server, crowd = await self._start()
        seats, each = self._shape.seats, self._shape.members
        window = min(_MOST_IN_FLIGHT, _IN_FLIGHT // (each * seats.senders) or 1)
        result = await at_full_speed(
            crowd,
            server.cpu_seconds,
            crowd.members[: seats.senders],
            window,
            _ESTIMATE_SECONDS,
            drain_seconds=_DRAIN_SECONDS,
        )
        await self._note(result, "estimate", result.faults == "")
        return _LOW_DELIVERIES / each if result.faults else result.messages_per_second

    async def keeps_up(self, rate: float) -> bool:
        """Try a rate, a second time where it just fails: other work may have disturbed a run."""
        is_full = False
        for _ in range(_ATTEMPTS):
            result = await self._try(rate)
            if keeps_up(result, self._seconds):
                return True
            is_full = is_full or result.generator_cores > _FULL_CORE
            if is_far_over(result, rate * self._shape.members):
                break
        self.is_generator_full = is_full
        return False

    async def close(self) -> None:
        self._running = None
        await self._stack.aclose()

    async def _try(self, rate: float) -> Tally:
        server, crowd = self._running or await self._warm()
        senders = crowd.members[: self._shape.seats.senders]
        result = await short(crowd, server, senders, rate, self._seconds)
        await self._note(result, f"{rate:,.0f}/s", keeps_up(result, self._seconds))
        return result

    async def _note(self, result: Tally, what: str, passed: bool) -> None:
        facts = f"p99 {result.p99_ms:.0f} ms, generator {result.generator_cores:.2f}"
        verdict = "passed" if passed else "not"
        print(f"  {what} {verdict}: {facts} {result.faults}".rstrip(), file=sys.stderr)
        if result.faults:
            await self.close()

    async def _warm(self) -> tuple[Server, Crowd]:
        server, crowd = await self._start()
        senders = crowd.members[: self._shape.seats.senders]
        await short(crowd, server, senders, _LOW_DELIVERIES / self._shape.members, WARM_SECONDS)
        return server, crowd

    async def _start(self) -> tuple[Server, Crowd]:
        server = self._stack.enter_context(self._column.start())
        crowd = await self._stack.enter_async_context(Crowd(server.ports, server.dialect))
        seats = self._shape.seats
        await crowd.connect(seats.names, seats.watched)
        await crowd.quiet()
        self._running = server, crowd
        return self._running


def is_far_over(result: Tally, deliveries_per_second: float) -> bool:
    """Tell whether a run came to less than three quarters of what it was offered."""
    return result.deliveries_per_second < _FAR_OVER * deliveries_per_second
