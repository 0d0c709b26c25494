"""The state of a room that is needed to decide its next command."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

from chatlog.domain.rights import Rights
from chatlog.domain.sessions import OpenSessions

MAX_REPLAY = 500
"""A new member without ``after`` is shown at most this many events, its own join included."""

_MOST_CHATS: Final = MAX_REPLAY + 100
"""Chats from which on those beyond ``MAX_REPLAY`` are dropped, all at once."""


class Room:
    """One room at its head, according to the log.

    ``chats`` are the seqs of the newest chats that may be replayed to a new member. A room without
    events has ``head`` 0 and no ``number`` in the log's tables.
    """

    __slots__ = (
        "at",
        "chats",
        "hash",
        "head",
        "id",
        "name",
        "number",
        "rights",
        "sessions",
    )

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
        rights: Rights | None = None,
    ) -> None:
        self.name = name
        self.id = id
        self.number = number
        self.head = head
        self.hash = hash
        self.at = at
        self.sessions = OpenSessions() if sessions is None else sessions
        self.rights = Rights() if rights is None else rights
        # Not a deque of ints: 500 take 20 KiB there and 4 KiB here, for every cached room.
        self.chats = array("q", chats)

    def add_chat(self) -> None:
        """Count the event at the head among those that a new member's ``backlog`` counts."""
        chats = self.chats
        chats.append(self.head)
        if len(chats) > _MOST_CHATS:
            del chats[:-MAX_REPLAY]

    def replay_from(self, backlog: int) -> int:
        """Return the seq at which the replay of the next join would begin.

        This is the ``backlog``-th newest chat (the beginning of the room if it has fewer), but
        the replay has at most ``MAX_REPLAY`` events, including the join itself.
        """
        own = self.head + 1
        if backlog == 0:
            return own
        start = self.chats[-backlog] if backlog <= len(self.chats) else 1
        return max(start, own - MAX_REPLAY + 1)
