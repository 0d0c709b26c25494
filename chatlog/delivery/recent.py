"""A room's newest frames, contiguous, and the budget of bytes that all rooms share.

A room may use what the others leave, up to ``max_room_bytes``. Once the budget is used up, the
least recently published room drops frames, down to an equal share: so every live room keeps
that share, and the total stays below the budget however many rooms there are.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from itertools import islice


class Budget:
    """The bytes of the frames that all rooms of a server keep in memory.

    Rooms report when they enter, leave or publish; they maintain ``used`` themselves.
    """

    __slots__ = ("_in_turn", "_rooms", "last", "max_bytes", "max_room_bytes", "used")

    def __init__(self, max_bytes: int, *, max_room_bytes: int | None = None) -> None:
        self.used = 0
        self.max_bytes = max_bytes
        self.max_room_bytes = max_bytes if max_room_bytes is None else max_room_bytes
        self.last: Recent | None = None
        self._rooms: set[Recent] = set()
        # Rooms that may have more than their share, the least recently published first. One
        # that has not is taken out when its turn comes, and is in again once it publishes:
        # so a publish costs the same however many rooms there are.
        self._in_turn: OrderedDict[Recent, None] = OrderedDict()

    def enter(self, recent: Recent) -> None:
        """Count one more room."""
        self._rooms.add(recent)

    def leave(self, recent: Recent) -> None:
        """Count this room no more."""
        if recent in self._rooms:
            self._rooms.remove(recent)
            self._in_turn.pop(recent, None)
            self.used -= recent.bytes
            self.last = None

    def note(self, recent: Recent) -> None:
        """Record that this room has published last."""
        self._in_turn[recent] = None
        self._in_turn.move_to_end(recent)
        self.last = recent

    def make_space(self) -> None:
        """Make rooms drop their oldest frames until at most ``max_bytes`` are used."""
        share = self.max_bytes // len(self._rooms)
        while (over := self.used - self.max_bytes) > 0:
            if not self._in_turn:  # all are within their share, which shrinks as rooms are added
                self._in_turn.update(dict.fromkeys(self._rooms))
            recent = next(iter(self._in_turn))
            if recent.bytes > share:
                recent.shrink(max(share, recent.bytes - over))
            else:
                del self._in_turn[recent]
                self.last = None


class Recent:
    """The frames of the seqs ``first`` to ``head``; ``first`` is head + 1 when empty."""

    __slots__ = ("_budget", "_frames", "bytes", "head")

    def __init__(self, head: int, frames: Iterable[bytes], budget: Budget) -> None:
        self.head = head
        self.bytes = 0
        self._budget = budget
        self._frames: deque[bytes] = deque()
        budget.enter(self)
        self._add(list(frames))

    @property
    def first(self) -> int:
        """The oldest seq kept."""
        return self.head - len(self._frames) + 1

    def clear(self) -> None:
        """Drop every frame, because their content has changed in the log."""
        self.shrink(0)

    def close(self) -> None:
        """Release the room's share of the budget; it publishes no more."""
        self._budget.leave(self)

    def extend(self, frames: list[bytes]) -> None:
        """Add the frames of the next seqs and drop the oldest past the limits."""
        self.head += len(frames)
        self._add(frames)

    def _add(self, frames: list[bytes]) -> None:
        self._frames.extend(frames)
        more = sum(map(len, frames))
        self.bytes += more
        budget = self._budget
        budget.used += more
        if budget.last is not self:
            budget.note(self)
        if self.bytes > budget.max_room_bytes:
            self.shrink(budget.max_room_bytes)
        if budget.used > budget.max_bytes:
            budget.make_space()

    def shrink(self, most_bytes: int) -> None:
        """Drop the oldest frames until at most this many bytes are left."""
        before = left = self.bytes
        drop = self._frames.popleft
        while left > most_bytes:
            left -= len(drop())
        self.bytes = left
        self._budget.used -= before - left

    def since(self, seq: int, last: int, max_bytes: int) -> tuple[bytes, int]:
        """Return the frames from ``seq`` to at most ``last``, and the last seq among them.

        Returns as many as fit in ``max_bytes``, at least one. ``seq`` must not be below ``first``.
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
