"""Rate limits of users and addresses: token buckets by key, on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Final

BURST_SECONDS: Final = 5.0
_FEWEST: Final = 1_000
"""Buckets from which on full ones are forgotten."""


class Buckets:
    """One bucket a key: ``rate`` tokens a second, and ``burst`` at once; a rate of 0 is no limit.

    A full bucket is as good as none, so those are forgotten: memory follows the keys in use.
    """

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self._rate = rate
        self._burst = max(1.0, rate * BURST_SECONDS if burst is None else burst)
        self._left: dict[Hashable, tuple[float, float]] = {}
        self._crowded = _FEWEST

    def take(self, key: Hashable) -> float:
        """Take one token and return 0; or the seconds until there is one."""
        if self._rate <= 0:
            return 0.0
        now = asyncio.get_running_loop().time()
        left = self._now(key, now)
        if left < 1.0:
            return (1.0 - left) / self._rate
        self._left[key] = (left - 1.0, now)
        self._make_space(now)
        return 0.0

    def give_back(self, key: Hashable) -> None:
        """Give back a token that was taken for what did not happen then."""
        if key in self._left:
            left, at = self._left[key]
            self._left[key] = (min(self._burst, left + 1.0), at)

    def _now(self, key: Hashable, now: float) -> float:
        left, at = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - at) * self._rate)

    def _make_space(self, now: float) -> None:
        if len(self._left) < self._crowded:
            return
        for key in [key for key in self._left if self._now(key, now) >= self._burst]:
            del self._left[key]
        self._crowded = max(_FEWEST, 2 * len(self._left))


class Counts:
    """How many of something each key has now, with a limit; a limit of 0 is none."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[Hashable, int] = {}

    def add(self, key: Hashable) -> bool:
        """Count one more; return False, and count nothing, if that would be too many."""
        count = self._counts.get(key, 0)
        if 0 < self._most <= count:
            return False
        self._counts[key] = count + 1
        return True

    def remove(self, key: Hashable) -> None:
        """Count one fewer."""
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
        else:
            del self._counts[key]
