"""Presence digests: the joins and leaves of one batch, with one frame for each run of them.

A room makes them while a live member wants them, once per batch for all such members, and keeps
none: a member who lags or replays gets the events themselves. Promises: the pieces cover each seq
of the batch exactly once, in order; an event that is no join or leave is a piece of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chatlog.delivery.pieces import Piece
from chatlog.domain.users import User
from chatlog.kinds.event import Recorded, shown_name
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.wire.frames import text_frame
from chatlog.wire.presence import PresenceFrame, encode_presence

MAX_COVERED_BYTES: Final = 131_072
"""Bytes of the events' frames that one digest stands for.

A name is twice in such a frame and once in the digest, which so has at most 64 KiB; and a frame
with a name has at least 160 bytes, so that a digest has fewer than 1,000 names.
"""


@dataclass(slots=True)
class _Run:
    """Joins and leaves in a row, from the seq ``first`` to the event ``last``.

    A user who came and went within it, or went and came back, is in neither dictionary. Their keys
    hold a user's id beside the name: a person may come back under another name.
    """

    first: int
    last: Recorded
    frame: bytes
    size: int = 0
    count: int = 0
    arrived: dict[tuple[str, str], str] = field(default_factory=dict)
    departed: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, recorded: Recorded, event: Joined | Left, frame: bytes, count: int) -> None:
        self.last, self.frame, self.count = recorded, frame, count
        self.size += len(frame)
        if type(event) is Joined and event.sessions == 1:
            _move(event.user, self.departed, self.arrived)
        elif type(event) is Left and event.sessions == 0:
            _move(event.user, self.arrived, self.departed)

    def piece(self) -> Piece:
        """Return the run as one frame; a single event is its own."""
        last = self.last
        if last.seq == self.first:
            return Piece(self.frame, last.seq)
        joined, left = sorted(self.arrived.values()), sorted(self.departed.values())
        digest = PresenceFrame(
            last.room, self.first, last.seq, last.hash_text, joined, left, self.count
        )
        return Piece(text_frame(encode_presence(digest)), last.seq)


def _move(user: User, undone: dict[tuple[str, str], str], done: dict[tuple[str, str], str]) -> None:
    """Note that a user came or went, unless that undoes what they did earlier in the run."""
    name = shown_name(user.name)
    if undone.pop((user.id, name), None) is None:
        done[user.id, name] = name


class Digest:
    """Takes the events of a batch in order; ``pieces`` are then what is written."""

    __slots__ = ("_pieces", "_run")

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._run: _Run | None = None

    def add(self, recorded: Recorded, frame: bytes, count: int) -> None:
        """Take the next event, its frame and the number of users present after it."""
        event = recorded.event
        if not isinstance(event, Joined | Left):
            self._end()
            self._pieces.append(Piece(frame, recorded.seq))
            return
        if self._run is not None and self._run.size + len(frame) > MAX_COVERED_BYTES:
            self._end()
        if self._run is None:
            self._run = _Run(recorded.seq, recorded, frame)
        self._run.add(recorded, event, frame, count)

    def pieces(self) -> list[Piece]:
        """Return the pieces, which end with the last event taken."""
        self._end()
        return self._pieces

    def _end(self) -> None:
        if self._run is not None:
            self._pieces.append(self._run.piece())
            self._run = None
