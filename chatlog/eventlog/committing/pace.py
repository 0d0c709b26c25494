"""The pause between two commits: none at low load, longer under load.

Commits cost about the same whatever their size, and every member of a room gets one write per
batch, so fewer, larger batches make a busy room cheap; a quiet room must not wait for them. The
pause grows with the rate of commands: none below ``QUIET``, the longest from ``BUSY`` on. It
counts from the end of the last commit, so a command that arrives after the pause never waits.
"""

from __future__ import annotations

import asyncio
from typing import Final

QUIET: Final = 50.0
"""Commands per second below which there is no pause: one commit each costs under 0.1 core."""
BUSY: Final = 500.0
_WINDOW_SECONDS: Final = 0.25


class Pace:
    """The pause, from a decaying average of the rate of commands."""

    def __init__(self, longest_seconds: float) -> None:
        self._longest = longest_seconds
        self._rate = 0.0
        self._last = 0.0

    async def wait(self) -> None:
        """Wait for the rest of the pause since the last commit."""
        pause = self.pause()
        if pause > 0:
            left = self._last + pause - asyncio.get_running_loop().time()
            if left > 0:
                await asyncio.sleep(left)

    def pause(self) -> float:
        """Return the pause between two commits at the present rate, in seconds."""
        share = (self._rate - QUIET) / (BUSY - QUIET)
        return self._longest * min(1.0, max(0.0, share))

    def note(self, commands: int, seconds: float) -> None:
        """Add a batch of this many commands to the average."""
        now = asyncio.get_running_loop().time()
        elapsed = max(now - self._last, seconds, 1e-6)
        weight = min(1.0, elapsed / _WINDOW_SECONDS)
        self._rate += weight * (commands / elapsed - self._rate)
        self._last = now
