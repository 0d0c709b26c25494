"""The events of a room that nobody has taken yet: each once, in order, bounded.

A presence digest is in their place where the server sent one, and counts as the events it covers.

A reader who is slow does not hold up the connection, and what waits does not pile up: past its
limit the inbox only notes how far the room has come. It then ``lags``, and the room fills it from
the server's log as it is emptied.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar, Literal, NamedTuple

import msgspec

from chatlog.client.reading import LogEvent, RoomEvent, blank, first_seq


class Mark(NamedTuple):
    """A place in a room: a seq and the hash of its event, if it is known."""

    seq: int
    hash: str | None


class Reset(msgspec.Struct, frozen=True):
    """The server's log is no longer the one that was read: seqs begin anew after this.

    As a cursor it is the beginning of the room.
    """

    type: ClassVar[Literal["reset"]] = "reset"
    room: str
    seq: int = 0
    hash: str = ""


class Inbox:
    """Holds at most ``most`` events; ``head`` is the newest heard, which a resume continues."""

    def __init__(self, most: int, head: Mark | None) -> None:
        self.head = head
        self.last = None if head is None else head.seq
        """The seq of the last event that was put in or taken."""
        self._most = most
        self._waiting: deque[RoomEvent | Reset] = deque()
        self._count = 0
        """How many events wait."""

    @property
    def lags(self) -> bool:
        """Whether events were heard that are not here and were not taken."""
        return self.head is not None and self.last is not None and self.last < self.head.seq

    def put(self, event: RoomEvent, *, may_begin_later: bool = False) -> bool:
        """Take a live or replayed event, unless it is known; False if others are missing before it.

        A digest continues where its first seq does, and the room has then come to its last.
        ``may_begin_later``: in a replay, for whom the room begins later than what they saw.
        """
        if self.head is not None and event.seq <= self.head.seq:
            return True
        is_next = self.head is None or first_seq(event) == self.head.seq + 1
        if not is_next and not may_begin_later:
            return False
        has_place = not self.lags and self._count < self._most
        if self.last is None:
            self.last = first_seq(event) - 1
        self.head = Mark(event.seq, event.hash)
        if event.type == "erasure":
            self._erase(frozenset(event.of))
        if has_place:
            self._append(event)
        return True

    def fill(self, page: list[LogEvent]) -> None:
        """Add the page of the log that follows ``last``; an empty one if the rest is not shown."""
        assert self.head is not None
        for event in page:
            if self.last is not None and self.last < event.seq <= self.head.seq:
                self._append(event)
        if not page:
            self.last = self.head.seq

    def take(self) -> RoomEvent | Reset | None:
        """Return the oldest event and forget it."""
        if not self._waiting:
            return None
        event = self._waiting.popleft()
        self._count -= _covered(event)
        return event

    def reset(self, room: str) -> None:
        """Begin anew, in another log."""
        self.head = self.last = None
        self._add(Reset(room))

    def _append(self, event: RoomEvent) -> None:
        self._add(event)
        self.last = event.seq

    def _add(self, event: RoomEvent | Reset) -> None:
        self._waiting.append(event)
        self._count += _covered(event)

    def _erase(self, seqs: frozenset[int]) -> None:
        for index, event in enumerate(self._waiting):
            if event.type != "reset" and event.seq in seqs:
                self._waiting[index] = blank(event)


def _covered(event: RoomEvent | Reset) -> int:
    return event.seq - event.from_ + 1 if event.type == "presence" else 1
