"""Single runs: one server under one load, and under rising loads."""

from __future__ import annotations

from collections.abc import Sequence
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

WARM_SECONDS: Final = 0.5
_WARM_RATE: Final = 500.0
_DRAIN_SECONDS: Final = 2.0
_FEWEST_MESSAGES: Final = 30
_LATE: Final = 1.15


def loaded(column: Column, load: Load, seconds: float) -> Tally:
    """Return what a load on a fresh server comes to, after a warm-up at no less than its rate.

    Raises:
        NoResult: something was lost, repeated, out of order, not acknowledged or late.
    """

    async def measure(crowd: Crowd, senders: Sequence[Member]) -> Tally:
        await short(crowd, server, senders, max(load.rate, _WARM_RATE), WARM_SECONDS)
        return in_time(await short(crowd, server, senders, load.rate, seconds), seconds)

    with column.start() as server:
        return with_crowd(server, load.shape.seats, measure)


def curve(column: Column, shape: Shape, rates: Sequence[float], seconds: float) -> list[Tally]:
    """Return what one server does at rising rates, up to the last that it keeps up with."""

    async def measure(crowd: Crowd, senders: Sequence[Member]) -> list[Tally]:
        found: list[Tally] = []
        await short(crowd, server, senders, _WARM_RATE, WARM_SECONDS)
        for rate in rates:
            length = max(seconds, _FEWEST_MESSAGES / rate)
            result = await short(crowd, server, senders, rate, length)
            if not keeps_up(result, length):
                break
            found.append(result)
        return found

    with column.start() as server:
        return with_crowd(server, shape.seats, measure)


def keeps_up(result: Tally, seconds: float) -> bool:
    """Tell whether a server kept up with a load of so many seconds."""
    is_late = result.seconds > _latest(seconds)
    return not result.faults and result.p99_ms < MOST_P99_MS and not is_late


def in_time(result: Tally, seconds: float) -> Tally:
    """Pass a run of so many seconds on if it is one and the server kept up.

    Latencies of a server that does not keep up would only tell how long the run was.

    Raises:
        NoResult: a fault of the run, or its last delivery was late.
    """
    if clean(result).seconds > _latest(seconds):
        raise NoResult(f"{result.seconds - seconds:.1f} s late")
    return result


async def short(
    crowd: Crowd, server: Server, senders: Sequence[Member], rate: float, seconds: float
) -> Tally:
    """Load a server at a rate; what is on its way two seconds later is overdue."""
    return await at_rate(
        crowd, server.cpu_seconds, senders, rate, seconds, drain_seconds=_DRAIN_SECONDS
    )


def _latest(seconds: float) -> float:
    """Return when the last delivery of a load must have come."""
    return seconds * _LATE + MOST_P99_MS / 1e3
