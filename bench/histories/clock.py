"""A clock that goes by itself: busy days, quiet nights, never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

START: Final = datetime(2025, 1, 6, tzinfo=UTC)

# How often something happens in an hour of the day, beside the mean.
_HOURS: Final = [0.3] * 7 + [0.8, 1.5, 2.0, 2.0, 1.8, 1.4, 1.8, 2.0, 1.8, 1.5, 1.0] + [0.7] * 6
_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND


class Clock:
    """Time in microseconds since ``START``, and as the log writes it."""

    def __init__(self, random: Random, mean_gap_seconds: float) -> None:
        self.now = 0
        self._random = random
        self._mean = mean_gap_seconds * _SECOND
        self._hour_ends = 0
        self._rate = 0.0
        self._text = ""
        self._turn()

    def tick(self) -> str:
        """Go on to the next event; return its time."""
        return self.skip(int(self._random.expovariate(self._rate)))

    def skip(self, microseconds: int) -> str:
        """Go on by so much; return the time then."""
        now = self.now = self.now + microseconds
        if now >= self._hour_ends:
            self._turn()
        seconds, rest = divmod(now % _HOUR, _SECOND)
        minute, second = divmod(seconds, 60)
        return f"{self._text}{minute:02d}:{second:02d}.{rest:06d}Z"

    def _turn(self) -> None:
        hours = self.now // _HOUR
        self._hour_ends = (hours + 1) * _HOUR
        self._rate = _HOURS[hours % 24] / self._mean
        self._text = (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:")

    @property
    def text(self) -> str:
        """The time now."""
        return self.skip(0)
