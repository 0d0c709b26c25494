"""What the writer knows of a room: enough to decide the next command, no more."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

from chatlog.domain.events import Posted, Recorded
from chatlog.domain.sessions import OpenSessions

MAX_REPLAY = 500
"""A joiner without ``after`` is shown at most this many events, its own join included."""

_MOST_CHATS: Final = MAX_REPLAY + 100
"""Chats from which on those beyond ``MAX_REPLAY`` are dropped, all at once."""


class Room:
    """One room at its head, as the log has it.

    ``chats`` are the seqs of the newest chats that a joiner may still be shown. A room
    that has no events yet has ``head`` 0 and, in the log's tables, no ``number``.
    """

    __slots__ = ("at", "chats", "hash", "head", "id", "name", "number", "sessions")

    def __init__(
        self,
        name: str,
        id: str,
        *,
        number: int | None = None,
        head: int = 0,
        hash: bytes = bytes(32),
        at: str = "",
        sessions: OpenSessions | None = None,
        chats: Iterable[int] = (),
    ) -> None:
        self.name = name
        self.id = id
        self.number = number
        self.head = head
        self.hash = hash
        self.at = at
        self.sessions = OpenSessions() if sessions is None else sessions
        # Not a deque of ints: 500 take 20 KiB there, 4 KiB here, times all rooms remembered.
        self.chats = array("q", chats)

    def apply(self, recorded: Recorded) -> None:
        """Move on to the next event."""
        self.head = recorded.seq
        self.hash = recorded.hash
        self.at = recorded.at
        event = recorded.event
        if type(event) is Posted:
            chats = self.chats
            chats.append(recorded.seq)
            if len(chats) > _MOST_CHATS:
                del chats[:-MAX_REPLAY]
        else:
            self.sessions.apply(event)

    def replay_from(self, backlog: int) -> int:
        """Return the seq where the replay of a join that comes next begins.

        It is the ``backlog``-th newest chat (the beginning, when there are fewer), but at
        most ``MAX_REPLAY`` events before and with the join itself.
        """
        own = self.head + 1
        if backlog == 0:
            return own
        start = self.chats[-backlog] if backlog <= len(self.chats) else 1
        return max(start, own - MAX_REPLAY + 1)
