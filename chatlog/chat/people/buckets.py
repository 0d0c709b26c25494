"""Rate limits of users and addresses: token buckets and counts by key."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from chatlog.chat.allowance import Allowance
from chatlog.domain.errors import RateLimited

TOO_FAST: Final = "You are sending too fast. Try again in a moment."
_FEWEST: Final = 1_000
"""Buckets from which on full ones are forgotten."""


class Buckets:
    """An allowance a key: ``rate`` tokens a second, and ``burst`` at once; a rate of 0 is no limit.

    A full bucket is as good as none, so those are forgotten: memory follows the keys in use.
    """

    def __init__(self, rate: float, burst: float | None = None) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[Hashable, Allowance] = {}
        self._crowded = _FEWEST

    def take(self, key: Hashable) -> float:
        """Take one token and return 0; or the seconds until there is one."""
        if self._rate <= 0:
            return 0.0
        bucket = self._buckets.get(key)
        if bucket is None:
            self._make_space()
            bucket = self._buckets[key] = Allowance(self._rate, self._burst)
        return bucket.take()

    def charge(self, key: Hashable) -> None:
        """Take one token.

        Raises:
            RateLimited: if there is none.
        """
        if wait := self.take(key):
            raise RateLimited(TOO_FAST, wait)

    def give_back(self, key: Hashable) -> None:
        """Give back a token that was taken for what did not happen then."""
        if key in self._buckets:
            self._buckets[key].give_back()

    def _make_space(self) -> None:
        if len(self._buckets) < self._crowded:
            return
        for key in [key for key, bucket in self._buckets.items() if bucket.is_full()]:
            del self._buckets[key]
        self._crowded = max(_FEWEST, 2 * len(self._buckets))


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
