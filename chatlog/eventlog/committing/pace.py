"""The pause from the start of one commit to that of the next: a few milliseconds.

Part of a commit's cost is the same whatever its size, and every member of a room gets one write per
batch: larger batches make a busy room cheap. The next commit starts no sooner than a multiple of
these fixed costs after the start of the last, so they take a bounded share of the core. The pause
overlaps the commit and its fan-out, and a command that comes after it never waits. A join makes the
pause short: whoever joins sees nothing before.

From a quarter of a core on, the pause grows with what the process uses, up to the longest: larger
batches leave time for more messages.

Only what is fixed counts, or gets less by a longer pause. One that grew with time on the clock, or
with what grows with the number of rows, would make larger batches, which make it longer.
"""

from __future__ import annotations

import asyncio
from time import process_time
from typing import Final

SHARE: Final = 9.0
"""The pause as a multiple of the fixed costs, which so take at most a ninth of the core."""
_SHORT_SHARE: Final = 4.0
"""The same of a short pause."""
_AROUND: Final = 2.2
"""The fixed costs of a commit, its hop and wake-ups included, as a multiple of the database's."""
_MEMBERS_A_COMMIT: Final = 100.0
"""As many members as make the pause twice as long. Writes to 70 cost as much as a commit, but a
message is late by the pause, and by these writes besides."""
_SHARED: Final = 5.0
"""The events of a commit from which on the members count in full: a single event shares no
writes, and would only be late."""
_WEIGHT: Final = 0.1
_CALM: Final = 0.25
"""The CPU seconds per second up to which the pause does not grow with them."""
_BUSY: Final = 0.45
"""The CPU seconds per second from which on the pause is the longest."""
_LOOK_SECONDS: Final = 0.1
_LOOK_WEIGHT: Final = 0.3


class Pace:
    """The pause, from decaying averages of what commits cost, have and reach."""

    def __init__(self, longest_seconds: float, commit_seconds: float) -> None:
        """``commit_seconds`` is the database's part of a commit's fixed CPU time, to begin with."""
        self._longest = longest_seconds
        self._commit_seconds = commit_seconds
        self._members = self._events = 1.0
        self._started = 0.0
        self._busy = 0.0
        self._looked = self._looked_cpu = 0.0
        self._is_hurried = False
        self._over: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle

    async def wait(self) -> None:
        """Wait for the rest of the pause since the start of the last commit; then one starts."""
        loop = asyncio.get_running_loop()
        end = self._started + self.pause()
        if end <= loop.time():
            return
        self._over = loop.create_future()
        self._timer = loop.call_at(end, _end, self._over)
        try:
            await self._over
        finally:
            self._timer.cancel()
            self._over = None

    def hurry(self) -> None:
        """Let the pause before the next commit be short."""
        if self._is_hurried:
            return
        self._is_hurried = True
        if self._over is not None:
            self._timer.cancel()
            end = self._started + self.pause()
            self._timer = asyncio.get_running_loop().call_at(end, _end, self._over)

    def start(self) -> None:
        """Take note that a commit starts."""
        self._is_hurried = False
        self._started = now = asyncio.get_running_loop().time()
        if (passed := now - self._looked) >= _LOOK_SECONDS:
            cpu = process_time()
            used = min(1.0, (cpu - self._looked_cpu) / passed)
            self._busy += _LOOK_WEIGHT * (used - self._busy)
            self._looked, self._looked_cpu = now, cpu

    def pause(self) -> float:
        """Return the seconds from the start of a commit to that of the next."""
        if self._is_hurried:
            return min(self._longest, _SHORT_SHARE * _AROUND * self._commit_seconds)
        shared = min(1.0, self._events / _SHARED)
        fixed = _AROUND * self._commit_seconds * (1 + shared * self._members / _MEMBERS_A_COMMIT)
        pressure = (self._busy - _CALM) / (_BUSY - _CALM)
        return min(self._longest, max(SHARE * fixed, pressure * self._longest))

    def note(self, commit_seconds: float, events: int, deliveries: int) -> None:
        """Add a commit to the averages: the database's fixed CPU time, and what was delivered."""
        self._commit_seconds += _WEIGHT * (commit_seconds - self._commit_seconds)
        if events:
            self._events += _WEIGHT * (events - self._events)
            self._members += _WEIGHT * (deliveries / events - self._members)


def _end(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)
