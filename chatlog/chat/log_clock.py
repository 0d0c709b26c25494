"""Measure how far the log's times are ahead of the database's clock.

A clock that was ahead and was then corrected leaves future times behind. Nothing is refused
because of this: new events repeat the previous event's time. But an operator should know.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from chatlog.databases.database import Database
from chatlog.domain import times
from chatlog.eventlog import read

logger = logging.getLogger(__name__)

_WORTH_SAYING_SECONDS: Final = 1.0


class LogClock:
    """Receives the log's times through ``note``; warns each time they begin to stand still."""

    def __init__(self) -> None:
        self._until = times.FIRST
        self._behind_seconds = 0.0
        self._noted_at = 0.0
        self._is_said = False

    @property
    def behind_seconds(self) -> float:
        """Seconds by which the clock is now behind the log's last time; 0 if it is not."""
        return max(0.0, self._behind_seconds - (time.monotonic() - self._noted_at))

    def note(self, last: str, clock: str) -> None:
        """Record a time in the log and the simultaneous reading of the database's clock."""
        self._until = max(self._until, last)
        is_behind = self._until > clock
        self._behind_seconds = times.seconds_between(clock, self._until) if is_behind else 0.0
        self._noted_at = time.monotonic()
        if self._behind_seconds >= _WORTH_SAYING_SECONDS and not self._is_said:
            self._is_said = True
            logger.warning(
                "The clock is %.0f s behind the log, whose last time is %s: new events repeat that "
                "time until the clock has caught up. If the clock is wrong, set it.",
                self._behind_seconds,
                self._until,
            )
        elif not is_behind:
            self._is_said = False

    async def look(self, database: Database) -> None:
        """Record the time of the log's newest event."""
        async with database.read() as connection:
            newest = await read.newest_time(connection)
            clock = await database.backend.now(connection)
        if newest is not None:
            self.note(newest, clock)
