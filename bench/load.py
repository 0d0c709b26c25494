"""Two ways to load a server: at a given rate, and as fast as it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from bench.crowd import Crowd
from bench.member import Member
from bench.process import cpu_seconds, own_cpu_seconds
from bench.tally import Tally, tally

_TICK_SECONDS = 0.001
_STALLED_SECONDS = 5.0
_DRAIN_SECONDS = 30.0


async def at_rate(
    crowd: Crowd, pids: Sequence[int], senders: Sequence[Member], per_second: float, seconds: float
) -> Tally:
    """Send ``per_second`` chats, the senders in turn, whether or not the server keeps up."""
    meter = _Meter(crowd, pids)
    total = int(per_second * seconds)
    sent = 0
    while sent < total:
        due = min(total, int(meter.elapsed() * per_second) + 1)
        for number in range(sent, due):
            crowd.chat(senders[number % len(senders)])
        sent = due
        await asyncio.sleep(max(_TICK_SECONDS, sent / per_second - meter.elapsed()))
    return await meter.finish()


async def at_full_speed(
    crowd: Crowd, pids: Sequence[int], senders: Sequence[Member], window: int, seconds: float
) -> Tally:
    """Keep ``window`` chats of each sender on their way: one more for each that came back."""
    meter = _Meter(crowd, pids)
    crowd.on_echo = crowd.chat
    for sender in senders:
        crowd.chat(sender, window)
    await asyncio.sleep(seconds)
    crowd.on_echo = None
    return await meter.finish()


class _Meter:
    """Time and CPU from its making to the last delivery."""

    def __init__(self, crowd: Crowd, pids: Sequence[int]) -> None:
        self._crowd, self._pids = crowd, pids
        crowd.begin()
        self._servers, self._own = self._server_seconds(), own_cpu_seconds()
        self._begun = time.perf_counter()

    def elapsed(self) -> float:
        return time.perf_counter() - self._begun

    async def finish(self) -> Tally:
        await _drained(self._crowd)
        servers, own = self._server_seconds() - self._servers, own_cpu_seconds() - self._own
        seconds = self._crowd.last_arrival - self._begun
        return tally(self._crowd, seconds, servers, own)

    def _server_seconds(self) -> float:
        return sum(map(cpu_seconds, self._pids))


async def _drained(crowd: Crowd) -> None:
    """Wait for every delivery, or until nothing more is to be hoped for."""
    end = time.perf_counter() + _DRAIN_SECONDS
    while not _complete(crowd):
        await asyncio.sleep(_TICK_SECONDS * 10)
        now = time.perf_counter()
        if now > end or now - crowd.last_arrival > _STALLED_SECONDS:
            return


def _complete(crowd: Crowd) -> bool:
    expected = sum(crowd.sent[member.room] for member in crowd.members)
    if sum(member.marks for member in crowd.members) < expected:
        return False
    acks = sum(member.acks for member in crowd.members)
    return not crowd.dialect.acknowledges or acks >= sum(crowd.sent.values())
