"""The common part of joins, leaves and chats: each belongs to a session."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from chatlog.domain.counts import counted
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.event import At, Via

OpenCount = Annotated[int, msgspec.Meta(description="The user's open sessions after the event.")]
LastSeen = Annotated[
    str,
    msgspec.Meta(description="When the session was last known to be open, if its server died."),
]


class JoinFrame(
    msgspec.Struct, tag_field="type", tag="notification", omit_defaults=True, kw_only=True
):
    """A user arrived or departed: the first of their sessions began, or the last ended."""

    event: Literal["join", "leave"]
    room: str
    seq: int
    hash: str
    at: At
    via: Via | msgspec.UnsetType = msgspec.UNSET
    username: str
    sessions: OpenCount
    cause: str | None = None
    last_seen_at: LastSeen | None = None
    by: str | None = None
    reason: str | None = None
    message: str | None = None
    erased: bool = False


class SessionFrame(
    msgspec.Struct, tag_field="type", tag="session", omit_defaults=True, kw_only=True
):
    """A further session of a present user began or ended."""

    event: Literal["join", "leave"]
    room: str
    seq: int
    hash: str
    at: At
    via: Via | msgspec.UnsetType = msgspec.UNSET
    username: str
    sessions: OpenCount
    cause: str | None = None
    last_seen_at: LastSeen | None = None
    by: str | None = None
    reason: str | None = None
    erased: bool = False


def unless_open(sessions: OpenSessions, session: str, user: User) -> str | None:
    """Explain why an event cannot be of this session, unless it is open and the user's."""
    owner = sessions.user_of(session)
    return "its session is not open" if owner is None or owner.id != user.id else None


def unless_counted(sessions: OpenSessions, user: User, before: int) -> str | None:
    """Explain why an event is wrong, unless the user has ``before`` sessions open before it."""
    return None if sessions.count(user) == before else "its session count is wrong"


def count_of_sessions(count: int, *, usual: int) -> str:
    """Return the shell's remark on the number of a user's sessions, unless it is as usual."""
    return "" if count == usual else f", {counted(count, 'session')} now"
