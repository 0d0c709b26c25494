"""Rate limits of one connection, on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

BURST_SECONDS: Final = 5.0
_MINUTE_SECONDS: Final = 60.0


class Allowance:
    """A token bucket: a rate per second, with a burst of up to ``BURST_SECONDS``."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = max(1.0, rate * BURST_SECONDS)
        self._at = asyncio.get_running_loop().time()

    def take(self) -> bool:
        """Take one token; return False if there is none now."""
        now = asyncio.get_running_loop().time()
        most = max(1.0, self._rate * BURST_SECONDS)
        self._left = min(most, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Tally:
    """Counts rare events, with a limit per minute."""

    __slots__ = ("_times",)

    def __init__(self, most: int) -> None:
        self._times: deque[float] = deque(maxlen=most)

    def is_full(self) -> bool:
        """Count one more; return True if it reaches the limit of a minute."""
        now = asyncio.get_running_loop().time()
        self._times.append(now)
        full = len(self._times) == self._times.maxlen
        return full and now - self._times[0] <= _MINUTE_SECONDS
