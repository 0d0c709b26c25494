"""The seam to a socket: where ready frames go, and how much still waits there."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

_FIRST_LOOK_SECONDS: Final = 0.001
_LONGEST_LOOK_SECONDS: Final = 0.05


class Outlet(Protocol):
    """One client's socket. ``write`` takes whole frames, never waits and never raises."""

    def write(self, frames: bytes, /) -> None:
        """Send whole frames; drop them once closing has begun."""

    def waiting(self) -> int:
        """Return how many bytes the kernel has not yet taken."""

    def let_go(self, code: int, reason: bytes = b"") -> None:
        """Close with this code if a frame still gets through, else cut, soon."""

    @property
    def is_open(self) -> bool:
        """Whether frames still go anywhere."""


async def drained(outlet: Outlet, mark: int, stuck_seconds: float) -> bool:
    """Wait until at most ``mark`` bytes wait; False if none moved for ``stuck_seconds``.

    The socket is looked at, not awaited: awaiting a drain would need one waiter a
    connection, and a cancelled one destroys back-pressure for good (aiohttp).
    """
    loop = asyncio.get_running_loop()
    before, moved_at = outlet.waiting(), loop.time()
    pause = _FIRST_LOOK_SECONDS
    while (now := outlet.waiting()) > mark and outlet.is_open:
        if now < before:
            moved_at = loop.time()
            pause = _FIRST_LOOK_SECONDS
        elif loop.time() - moved_at > stuck_seconds:
            return False
        before = now
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_LOOK_SECONDS)
    return True
