"""Presence in a room: the fold of its joins and leaves, ready to be listed, and of its rights."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

from chatlog.domain.rights import Rights
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.event import Recorded, shown_name
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

MAX_NAMES = 1_000


class Presence:
    """The users present as of ``seq``, and everybody's rights. Names are sorted by code point."""

    __slots__ = ("_names", "_sessions", "count", "rights", "seq")

    def __init__(self, seq: int, sessions: OpenSessions, rights: Rights | None = None) -> None:
        self.seq = seq
        self.rights = Rights() if rights is None else rights
        self._sessions = sessions
        users = {user.id: user for user in map(sessions.user_of, sessions) if user is not None}
        self.count = len(users)
        self._names = sorted(shown_name(user.name) for user in users.values())

    def apply(self, recorded: Recorded) -> None:
        """Advance by the next event."""
        self.seq = recorded.seq
        event = recorded.event
        if type(event) is Joined and event.sessions == 1:
            self._arrive(event.user)
        elif type(event) is Left and event.sessions == 0:
            # The name on arrival: it may have been erased since.
            self._depart(self._sessions.user_of(event.session) or event.user)
        event.fold(self._sessions)
        event.govern(self.rights, recorded.seq, recorded.at)

    def user_of(self, session: str) -> User | None:
        """Return the user whose open session this is, or None."""
        return self._sessions.user_of(session)

    def names(self, after: str | None = None) -> list[str]:
        """Return the first ``MAX_NAMES`` names past ``after``, sorted by code point."""
        start = 0 if after is None else bisect_right(self._names, after)
        return self._names[start : start + MAX_NAMES]

    def _arrive(self, user: User) -> None:
        self.count += 1
        insort(self._names, shown_name(user.name))

    def _depart(self, user: User) -> None:
        self.count -= 1
        name = shown_name(user.name)
        at = bisect_left(self._names, name)
        if at < len(self._names) and self._names[at] == name:
            del self._names[at]
