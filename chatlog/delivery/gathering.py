"""Gather arrivals and departures for the live members of a room, instead of writing each batch.

Where 2,000 people come within a second, each batch of joins is a write to all who are there, and
these writes take longer than all else that a join costs. So they wait until the last ones are
twenty times their cost ago: in a room that is quiet or small, not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from chatlog.delivery.pieces import Piece

SECONDS_A_MEMBER: Final = 1e-4
"""Twenty times what a write to a member costs (5 µs, most of it in the kernel)."""
_LEAST_SECONDS: Final = 0.001
"""A shorter wait is not worth a timer: a room of fewer than 10 members never waits."""


class Timer(Protocol):
    """A call to come."""

    def cancel(self) -> None:
        """Call nothing."""


class Clock(Protocol):
    """What is used of an event loop."""

    def time(self) -> float:
        """Return the seconds of a clock that never goes back."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Timer:
        """Call something once, so many seconds from now."""


class Gathering:
    """The frames that a room's live members have not been written, and until when they wait.

    ``pieces`` are those of the same batches. Frames wait until the last ones were written
    ``seconds_a_member`` ago for each member, or ``max_seconds`` ago; more than ``max_bytes`` of
    them do not wait.
    """

    __slots__ = (
        "_bytes",
        "_clock",
        "_max_bytes",
        "_max_seconds",
        "_seconds_a_member",
        "_timer",
        "_written_at",
        "frames",
        "pieces",
    )

    def __init__(
        self,
        clock: Clock,
        *,
        max_seconds: float,
        max_bytes: int,
        seconds_a_member: float = SECONDS_A_MEMBER,
    ) -> None:
        self.frames: list[bytes] = []
        self.pieces: list[Piece] = []
        self._clock = clock
        self._max_seconds = max_seconds
        self._max_bytes = max_bytes
        self._seconds_a_member = seconds_a_member
        self._bytes = 0
        self._timer: Timer | None = None
        self._written_at = clock.time() - max_seconds

    def add(self, frames: Sequence[bytes], pieces: Sequence[Piece]) -> None:
        """Add the frames of a batch."""
        self.frames += frames
        self.pieces += pieces
        self._bytes += sum(map(len, frames))

    def waits(self, members: int, write: Callable[[], None]) -> bool:
        """Return whether the frames wait; ``write``, to so many members, is then called in time."""
        if self._bytes > self._max_bytes:
            return False
        if self._timer is None:
            pause = min(members * self._seconds_a_member, self._max_seconds)
            left = self._written_at + pause - self._clock.time()
            if left < _LEAST_SECONDS:
                return False
            self._timer = self._clock.call_later(left, write)
        return True

    def take(self) -> tuple[list[bytes], list[Piece]]:
        """Return all frames and pieces, which are written now, and wait for none any more."""
        taken = self.frames, self.pieces
        self.frames, self.pieces, self._bytes = [], [], 0
        self._written_at = self._clock.time()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return taken
