"""A room's newest frames, contiguous and bounded in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice


class Recent:
    """The frames of the seqs ``first`` to ``head``; ``first`` is head + 1 when empty."""

    __slots__ = ("_bytes", "_frames", "_max_bytes", "head")

    def __init__(self, head: int, frames: Iterable[bytes], max_bytes: int) -> None:
        self.head = head
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._add(frames)

    @property
    def first(self) -> int:
        """The oldest seq that is here."""
        return self.head - len(self._frames) + 1

    def clear(self) -> None:
        """Drop every frame: what they show has changed in the log."""
        self._frames.clear()
        self._bytes = 0

    def extend(self, frames: list[bytes]) -> None:
        """Add the frames of the next seqs and drop the oldest past the limit."""
        self.head += len(frames)
        self._add(frames)

    def _add(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self._frames.append(frame)
            self._bytes += len(frame)
        while self._bytes > self._max_bytes:
            self._bytes -= len(self._frames.popleft())

    def since(self, seq: int, last: int, max_bytes: int) -> tuple[bytes, int]:
        """Return frames from ``seq`` on and the last seq among them, at most ``last``.

        As many as fit in ``max_bytes``, at least one. ``seq`` must not be below ``first``.
        """
        start = seq - self.first
        stop = last - self.first + 1
        return join_frames(islice(self._frames, start, stop), seq, max_bytes)


def join_frames(frames: Iterable[bytes], seq: int, max_bytes: int) -> tuple[bytes, int]:
    """Return the frames in one buffer of at most ``max_bytes`` and the last one's seq.

    ``seq`` is the first frame's. At least one frame is taken.
    """
    taken: list[bytes] = []
    size = 0
    for frame in frames:
        size += len(frame)
        if taken and size > max_bytes:
            break
        taken.append(frame)
    return b"".join(taken), seq + len(taken) - 1
