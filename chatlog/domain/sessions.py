"""The fold of sessions: the open sessions of each user, from joins and leaves alone.

The same fold serves the writer (``Room``), the readers (``projections.Presence``) and
the check of the sessions table, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatlog.domain.users import User


class OpenSessions:
    """The open sessions of one room, and their number for each user."""

    __slots__ = ("_counts", "_users")

    def __init__(self, opened: Iterable[tuple[str, User]] = ()) -> None:
        self._users: dict[str, User] = {}
        self._counts: dict[str, int] = {}
        for session, user in opened:
            self.open(session, user)

    def __contains__(self, session: str) -> bool:
        return session in self._users

    def __len__(self) -> int:
        return len(self._users)

    def __iter__(self) -> Iterator[str]:
        return iter(self._users)

    def user_of(self, session: str) -> User | None:
        """Return the user whose open session this is, or None."""
        return self._users.get(session)

    def count(self, user: User) -> int:
        """Return the number of the user's open sessions."""
        return self._counts.get(user.id, 0)

    def open(self, session: str, user: User) -> None:
        """Begin a session of the user."""
        self._users[session] = user
        self._counts[user.id] = self._counts.get(user.id, 0) + 1

    def close(self, session: str) -> None:
        """End a session, if it is open."""
        user = self._users.pop(session, None)
        if user is None:
            return
        if (left := self._counts[user.id] - 1) == 0:
            del self._counts[user.id]
        else:
            self._counts[user.id] = left
