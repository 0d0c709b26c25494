"""Single runs: one server under one load, at rest, in a storm, and at its highest rate."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from bench.crowd import Crowd
from bench.load import at_rate
from bench.member import Member
from bench.result import NoResult
from bench.room import clean, with_crowd
from bench.servers import Server
from bench.table.loads import MOST_P99_MS, Load, Shape
from bench.table.servers import Column
from bench.tally import Tally

_WARM_SECONDS: Final = 1.0
_WARM_RATE: Final = 200.0
_DRAIN_SECONDS: Final = 10.0
_SHORT_DRAIN_SECONDS: Final = 2.0
_FEWEST_MESSAGES: Final = 40
_LATE: Final = 1.15
_FULL_CORE: Final = 0.9
_ATTEMPTS: Final = 2


def loaded(column: Column, load: Load, seconds: float) -> Tally:
    """Return what a load on a fresh server comes to.

    Raises:
        NoResult: something was lost, repeated, out of order, not acknowledged or overdue.
    """
    with column.start() as server:
        return with_crowd(server, load.shape.seats, lambda c, s: _at(c, server, s, load, seconds))


async def _at(
    crowd: Crowd, server: Server, senders: Sequence[Member], load: Load, seconds: float
) -> Tally:
    for length in (_WARM_SECONDS, seconds):
        result = clean(
            await at_rate(
                crowd, server.pids, senders, load.rate, length, drain_seconds=_DRAIN_SECONDS
            )
        )
    return result


def curve(column: Column, shape: Shape, rates: Sequence[float], seconds: float) -> list[Tally]:
    """Return what one server does at rising rates, up to the last that it keeps up with."""

    async def measure(crowd: Crowd, senders: Sequence[Member]) -> list[Tally]:
        found: list[Tally] = []
        await _short(crowd, server, senders, _WARM_RATE, _WARM_SECONDS)
        for rate in rates:
            length = max(seconds, _FEWEST_MESSAGES / rate)
            result = await _short(crowd, server, senders, rate, length)
            if not keeps_up(result, length):
                break
            found.append(result)
        return found

    with column.start() as server:
        return with_crowd(server, shape.seats, measure)


def keeps_up(result: Tally, seconds: float) -> bool:
    """Tell whether a server kept up with a load of so many seconds."""
    is_late = result.seconds > seconds * _LATE + MOST_P99_MS / 1e3
    return not result.faults and result.p99_ms < MOST_P99_MS and not is_late


class Session:
    """A server with a crowd, to try rates on; started afresh after a rate that did not pass."""

    def __init__(self, column: Column, shape: Shape, seconds: float) -> None:
        self.is_generator_full = False
        self._column, self._shape, self._seconds = column, shape, seconds
        self._stack = AsyncExitStack()
        self._running: tuple[Server, Crowd] | None = None

    async def keeps_up(self, rate: float) -> bool:
        """Try a rate, twice before it is given up: other work on the machine disturbs a run."""
        for _ in range(_ATTEMPTS):
            if await self._passes(rate):
                return True
        return False

    async def close(self) -> None:
        self._running = None
        await self._stack.aclose()

    async def _passes(self, rate: float) -> bool:
        server, crowd = self._running or await self._start(rate)
        senders = crowd.members[: self._shape.seats.senders]
        result = await _short(crowd, server, senders, rate, self._seconds)
        passed = keeps_up(result, self._seconds)
        found = (
            f"p99 {result.p99_ms:.0f} ms, generator {result.generator_cores:.2f} {result.faults}"
        )
        print(f"  {rate:,.0f}/s {'passed' if passed else 'not'}: {found}", file=sys.stderr)
        if not passed:
            is_full = result.generator_cores > _FULL_CORE
            self.is_generator_full = self.is_generator_full or is_full
            await self.close()
        return passed

    async def _start(self, rate: float) -> tuple[Server, Crowd]:
        server = self._stack.enter_context(self._column.start())
        crowd = await self._stack.enter_async_context(Crowd(server.ports, server.dialect))
        seats = self._shape.seats
        await crowd.connect(seats.names, seats.watched)
        await crowd.quiet()
        senders = crowd.members[: seats.senders]
        warm = await _short(crowd, server, senders, rate / 2, _WARM_SECONDS)
        if warm.cut:
            raise NoResult(f"{warm.cut} connections cut at half of {rate:,.0f} messages a second")
        self._running = server, crowd
        return self._running


async def _short(
    crowd: Crowd, server: Server, senders: Sequence[Member], rate: float, seconds: float
) -> Tally:
    return await at_rate(
        crowd, server.pids, senders, rate, seconds, drain_seconds=_SHORT_DRAIN_SECONDS
    )
