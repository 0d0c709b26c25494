"""Two ways to load a server: at a given rate, and as fast as it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from bench.crowd import Crowd
from bench.member import Member
from bench.process import own_cpu_seconds
from bench.tally import Tally, tally

_TICK_SECONDS = 0.001
_STALLED_SECONDS = 5.0
_PAUSE_SECONDS = 1.0
_DRAIN_SECONDS = 30.0


async def at_rate(
    crowd: Crowd,
    server_seconds: Callable[[], float],
    senders: Sequence[Member],
    per_second: float,
    seconds: float,
    *,
    drain_seconds: float = _DRAIN_SECONDS,
) -> Tally:
    """Send ``per_second`` chats, the senders in turn, whether or not the server keeps up.

    ``server_seconds`` returns the server's CPU seconds so far. What has not come
    ``drain_seconds`` after the last one was sent is overdue.
    """
    meter = _Meter(crowd, server_seconds)
    total = int(per_second * seconds)
    sent = 0
    while sent < total:
        due = min(total, int(meter.elapsed() * per_second) + 1)
        for number in range(sent, due):
            crowd.chat(senders[number % len(senders)])
        sent = due
        await asyncio.sleep(max(_TICK_SECONDS, sent / per_second - meter.elapsed()))
    return await meter.finish(drain_seconds)


async def at_full_speed(
    crowd: Crowd,
    server_seconds: Callable[[], float],
    senders: Sequence[Member],
    window: int,
    seconds: float,
    *,
    drain_seconds: float = _DRAIN_SECONDS,
) -> Tally:
    """Keep ``window`` chats of each sender on their way: one more for each that came back.

    Otherwise as ``at_rate``: what has not come ``drain_seconds`` after the end is overdue.
    """
    meter = _Meter(crowd, server_seconds)
    crowd.on_echo = crowd.chat
    for sender in senders:
        crowd.chat(sender, window)
    await asyncio.sleep(seconds)
    crowd.on_echo = None
    return await meter.finish(drain_seconds)


class _Meter:
    """Time and CPU from its making to the last delivery."""

    def __init__(self, crowd: Crowd, server_seconds: Callable[[], float]) -> None:
        self._crowd, self._server_seconds = crowd, server_seconds
        crowd.begin()
        self._servers, self._own = self._server_seconds(), own_cpu_seconds()
        self._begun = time.perf_counter()

    def elapsed(self) -> float:
        return time.perf_counter() - self._begun

    async def finish(self, drain_seconds: float) -> Tally:
        in_time = await _drained(self._crowd, drain_seconds)
        servers, own = self._server_seconds() - self._servers, own_cpu_seconds() - self._own
        seconds = self._crowd.last_arrival - self._begun
        return tally(self._crowd, seconds, servers, own, in_time=in_time)


async def _drained(crowd: Crowd, seconds: float) -> bool:
    """Wait for every delivery, or until none comes any more: False where they still come."""
    end = time.perf_counter() + seconds
    while not _complete(crowd):
        await asyncio.sleep(_TICK_SECONDS * 10)
        now = time.perf_counter()
        if now - crowd.last_arrival > _STALLED_SECONDS:
            return True
        if now > end:
            return now - crowd.last_arrival > _PAUSE_SECONDS
    return True


def _complete(crowd: Crowd) -> bool:
    expected = sum(crowd.sent[member.room] for member in crowd.members)
    if sum(member.marks for member in crowd.members) < expected:
        return False
    acks = sum(member.acks for member in crowd.members)
    return not crowd.dialect.acknowledges or acks >= sum(crowd.sent.values())
