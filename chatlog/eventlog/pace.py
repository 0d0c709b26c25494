"""How long to pause between two commits: not at all when quiet, longer under load.

Every commit costs about the same and every member of a room gets one write a batch, so
fewer, larger batches are what makes a busy room cheap; a quiet room must not wait for
them. The pause grows with the rate of commands: none below ``QUIET``, the longest
from ``BUSY`` on. It counts from the end of the last commit, so that a command which
comes alone after it never waits.
"""

from __future__ import annotations

import asyncio
from typing import Final

QUIET: Final = 50.0
"""Commands a second below which nobody waits: a commit each costs under a tenth of a core."""
BUSY: Final = 500.0
_WINDOW_SECONDS: Final = 0.25


class Pace:
    """The pause, from a decaying average of the rate of commands."""

    def __init__(self, longest_seconds: float) -> None:
        self._longest = longest_seconds
        self._rate = 0.0
        self._last = 0.0

    async def wait(self) -> None:
        """Wait for what is left of the pause since the last commit."""
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
        """Take a batch of so many commands into the average."""
        now = asyncio.get_running_loop().time()
        elapsed = max(now - self._last, seconds, 1e-6)
        weight = min(1.0, elapsed / _WINDOW_SECONDS)
        self._rate += weight * (commands / elapsed - self._rate)
        self._last = now
