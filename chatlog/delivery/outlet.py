"""The interface to a socket: it takes ready frames and reports its unsent bytes."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

_FIRST_LOOK_SECONDS: Final = 0.001
_LONGEST_LOOK_SECONDS: Final = 0.05


class Outlet(Protocol):
    """One client's socket. ``write`` takes whole frames, never waits and never raises."""

    def write(self, frames: bytes, /) -> None:
        """Send whole frames; discard them once closing has begun."""

    def write_soon(self, frames: bytes, /) -> None:
        """Send whole frames together with the next ones, at the latest when others have their turn.

        A write costs 5 µs, most of it in the kernel.
        """

    def gather(self, *, on: bool) -> None:
        """Send all frames like that from now on, or stop it: for a client who is in several rooms.

        One batch may have events of several of them.
        """

    def waiting(self) -> int:
        """Return the number of bytes that the kernel has not accepted yet."""

    def let_go(self, code: int, reason: bytes = b"") -> None:
        """Close with this code if a frame still gets through, else disconnect soon."""

    @property
    def is_open(self) -> bool:
        """Whether frames are still sent."""


async def drained(outlet: Outlet, mark: int, stuck_seconds: float) -> bool:
    """Wait for at most ``mark`` unsent bytes; False if none moved for ``stuck_seconds``.

    This polls the socket: awaiting a drain would need one waiter per connection, and
    cancelling a waiter disables aiohttp's back-pressure for good.
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
