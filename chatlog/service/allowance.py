"""How much of something one connection may do, counted on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

BURST_SECONDS: Final = 5.0
_MINUTE_SECONDS: Final = 60.0


class Allowance:
    """A token bucket: so many a second, and what was saved up in ``BURST_SECONDS``."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = max(1.0, rate * BURST_SECONDS)
        self._at = asyncio.get_running_loop().time()

    def take(self) -> bool:
        """Take one; False if there is none left now."""
        now = asyncio.get_running_loop().time()
        most = max(1.0, self._rate * BURST_SECONDS)
        self._left = min(most, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Tally:
    """Counts what should be rare: so many within a minute are too many."""

    __slots__ = ("_times",)

    def __init__(self, most: int) -> None:
        self._times: deque[float] = deque(maxlen=most)

    def is_full(self) -> bool:
        """Count one more; True if that is the last one allowed within a minute."""
        now = asyncio.get_running_loop().time()
        self._times.append(now)
        full = len(self._times) == self._times.maxlen
        return full and now - self._times[0] <= _MINUTE_SECONDS
