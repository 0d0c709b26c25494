"""The fold of sessions: the open sessions of each user, from joins and leaves alone.

The same fold serves the writer (``Room``), the readers (``projections.Presence``) and
the check of the sessions table, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatlog.domain.users import User


class OpenSessions:
    """The open sessions of one room, and their number for each user."""

    __slots__ = ("_counts", "_subjects", "_users")

    def __init__(self, opened: Iterable[tuple[str, User]] = ()) -> None:
        self._users: dict[str, User] = {}
        self._counts: dict[str, int] = {}
        self._subjects: dict[str, User] = {}
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

    def of_subject(self, subject: str) -> User | None:
        """Return the user as whom the subject of this id is present, or None."""
        return self._subjects.get(subject)

    def of_user(self, user: User) -> list[str]:
        """Return the user's open sessions, in the order of their joins."""
        return [session for session, owner in self._users.items() if owner.id == user.id]

    def count(self, user: User) -> int:
        """Return the number of the user's open sessions."""
        return self._counts.get(user.id, 0)

    def open(self, session: str, user: User) -> None:
        """Begin a session of the user."""
        self._users[session] = user
        self._counts[user.id] = self._counts.get(user.id, 0) + 1
        if user.subject is not None:
            self._subjects[user.subject.id] = user

    def close(self, session: str) -> None:
        """End a session, if it is open."""
        user = self._users.pop(session, None)
        if user is None:
            return
        if (left := self._counts[user.id] - 1) == 0:
            del self._counts[user.id]
            if user.subject is not None:
                self._subjects.pop(user.subject.id, None)
        else:
            self._counts[user.id] = left
