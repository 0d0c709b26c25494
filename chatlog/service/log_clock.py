"""How far the log's times are ahead of the database's clock: they stand still until it catches up.

A clock that was ahead, and was then put right, leaves times of the future behind. Nothing is
refused for that: events get the time of the one before them. But an operator should know.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from chatlog.domain import times
from chatlog.eventlog import read
from chatlog.eventlog.database import Database

logger = logging.getLogger(__name__)

_WORTH_SAYING_SECONDS: Final = 1.0


class LogClock:
    """Is told by ``note`` of the log's times; warns each time that they begin to stand still."""

    def __init__(self) -> None:
        self._until = times.FIRST
        self._behind_seconds = 0.0
        self._noted_at = 0.0
        self._is_said = False

    @property
    def behind_seconds(self) -> float:
        """By how much the clock is behind the log's last time now; 0 where it is not."""
        return max(0.0, self._behind_seconds - (time.monotonic() - self._noted_at))

    def note(self, last: str, clock: str) -> None:
        """Take note of a time in the log, and of what the database's clock said by then."""
        self._until = max(self._until, last)
        is_behind = self._until > clock
        self._behind_seconds = times.seconds_between(clock, self._until) if is_behind else 0.0
        self._noted_at = time.monotonic()
        if self._behind_seconds >= _WORTH_SAYING_SECONDS and not self._is_said:
            self._is_said = True
            logger.warning(
                "The clock is %.0f s behind the log, whose last time is %s: in its rooms time "
                "stands still until the clock has caught up. If the clock is wrong, put it right.",
                self._behind_seconds,
                self._until,
            )
        elif not is_behind:
            self._is_said = False

    async def look(self, database: Database) -> None:
        """Take note of the log's newest event."""
        async with database.read() as connection:
            newest = await read.newest_time(connection)
            clock = await database.backend.now(connection)
        if newest is not None:
            self.note(newest, clock)
