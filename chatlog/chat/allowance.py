"""Rate limits, on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

BURST_SECONDS: Final = 5.0
_MINUTE_SECONDS: Final = 60.0


class Allowance:
    """A token bucket: ``rate`` tokens a second, above 0, and ``burst`` at once.

    Unless told, the burst is what comes in ``BURST_SECONDS``, and at least one token.
    """

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self._rate = rate
        self._burst = max(1.0, rate * BURST_SECONDS if burst is None else burst)
        self._left = self._burst
        self._at = asyncio.get_running_loop().time()

    def take(self) -> float:
        """Take one token and return 0; or the seconds until there is one."""
        self._fill()
        if self._left < 1.0:
            return (1.0 - self._left) / self._rate
        self._left -= 1.0
        return 0.0

    def give_back(self) -> None:
        """Give back a token that was taken for what did not happen then."""
        self._left = min(self._burst, self._left + 1.0)

    def is_full(self) -> bool:
        """Say whether the whole burst is there."""
        self._fill()
        return self._left >= self._burst

    def _fill(self) -> None:
        now = asyncio.get_running_loop().time()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now


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
