"""What the server sends: the frames of each kind of event, digests, and its answers.

Written by ``python -m docs.render`` from ``chatlog/kinds``, ``chatlog/wire/presence.py`` and
``chatlog/wire/answers.py``: edit those. What the server leaves out is None, or false.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec


class ChatFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="chat"):
    """A message of a person; ``id`` is its author's."""

    type: ClassVar[Literal["chat"]] = "chat"
    room: str
    seq: int
    hash: str
    at: str
    """UTC, RFC 3339 with microseconds."""
    id: str | None = None
    via: str | None = None
    """By which door it came, if not over a socket."""
    username: str
    message: str
    erased: bool = False


class JoinFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="notification"):
    """A user arrived or departed: the first of their sessions began, or the last ended."""

    type: ClassVar[Literal["notification"]] = "notification"
    event: Literal["join", "leave"]
    room: str
    seq: int
    hash: str
    at: str
    """UTC, RFC 3339 with microseconds."""
    via: str | None = None
    """By which door it came, if not over a socket."""
    username: str
    sessions: int
    """The user's open sessions after the event."""
    cause: str | None = None
    last_seen_at: str | None = None
    """When the session was last known to be open, if its server died."""
    by: str | None = None
    reason: str | None = None
    message: str | None = None
    erased: bool = False


class SessionFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="session"):
    """A further session of a present user began or ended."""

    type: ClassVar[Literal["session"]] = "session"
    event: Literal["join", "leave"]
    room: str
    seq: int
    hash: str
    at: str
    """UTC, RFC 3339 with microseconds."""
    via: str | None = None
    """By which door it came, if not over a socket."""
    username: str
    sessions: int
    """The user's open sessions after the event."""
    cause: str | None = None
    last_seen_at: str | None = None
    """When the session was last known to be open, if its server died."""
    by: str | None = None
    reason: str | None = None
    erased: bool = False


class ErasureFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="erasure"):
    """The content of other events was erased."""

    type: ClassVar[Literal["erasure"]] = "erasure"
    room: str
    seq: int
    hash: str
    at: str
    """UTC, RFC 3339 with microseconds."""
    via: str | None = None
    """By which door it came, if not over a socket."""
    of: tuple[int, ...]
    username: str


class RoomFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="room"):
    """The whole state of a room after the event; ``username`` is who changed it."""

    type: ClassVar[Literal["room"]] = "room"
    room: str
    seq: int
    hash: str
    at: str
    via: str | None = None
    """By which door it came, if not over a socket."""
    access: str
    history: str
    topic: str
    locked: bool
    username: str
    erased: bool = False


class MemberFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="member"):
    """Somebody got a role: ``member`` is about whom it is, ``username`` who gave it."""

    type: ClassVar[Literal["member"]] = "member"
    room: str
    seq: int
    hash: str
    at: str
    via: str | None = None
    """By which door it came, if not over a socket."""
    member: str
    subject: str
    role: str
    until: str | None = None
    username: str = ""
    reason: str | None = None
    erased: bool = False


class PresenceFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="presence"):
    """A run of joins and leaves, ``from`` one seq to another, for clients who asked for digests.

    ``joined`` and ``left`` name the users who arrived and departed within the run, by code point;
    ``hash`` is that of the event at ``seq``, ``count`` the number of users present after it.
    """

    type: ClassVar[Literal["presence"]] = "presence"
    room: str
    from_: int = msgspec.field(name="from")
    seq: int
    hash: str
    joined: tuple[str, ...]
    left: tuple[str, ...]
    count: int


class MemberListed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's role in a room, and the seq of the event that gave it."""

    username: str
    subject: str
    role: str
    since_seq: int
    until: str | None


class Ack(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ack"):
    """A command is durable: its last event is at this seq."""

    type: ClassVar[Literal["ack"]] = "ack"
    id: str | None = None
    room: str
    seq: int
    hash: str
    repeated: bool = False


class Authenticated(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="auth"):
    """Whom the token proves the client to be, and until when; null means no end."""

    type: ClassVar[Literal["auth"]] = "auth"
    subject: str
    username: str
    scope: tuple[str, ...]
    expires_at: str | None
    id: str | None = None


class AuthExpiring(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="auth_expiring"
):
    """The token ends soon: send another."""

    type: ClassVar[Literal["auth_expiring"]] = "auth_expiring"
    expires_at: str


class CaughtUp(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="caught_up"):
    """A new member has received everything up to this seq; live events follow."""

    type: ClassVar[Literal["caught_up"]] = "caught_up"
    room: str
    seq: int
    hash: str
    first: int
    more: bool
    session: str
    id: str | None = None


class Error(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """A command was refused, or its outcome is unknown."""

    type: ClassVar[Literal["error"]] = "error"
    code: str
    message: str
    id: str | None = None
    retry_after: float | None = None


class HistoryFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="history"):
    """A page of events; ``first`` and ``last`` are the ends of the range covered."""

    type: ClassVar[Literal["history"]] = "history"
    room: str
    events: tuple[msgspec.Raw, ...]
    first: int | None
    last: int | None
    more_before: bool
    more_after: bool
    id: str | None = None


class MembersFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="members"):
    """Members in order of their subjects, as of a seq; continue after the last subject."""

    type: ClassVar[Literal["members"]] = "members"
    room: str
    seq: int
    members: tuple[MemberListed, ...]
    more: bool
    id: str | None = None


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The answer to a ping."""

    type: ClassVar[Literal["pong"]] = "pong"
    id: str | None = None


class UsersFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="users"):
    """The users present as of a seq: at most 1,000 names by code point, and their number."""

    type: ClassVar[Literal["users"]] = "users"
    room: str
    seq: int
    users: tuple[str, ...]
    count: int
    id: str | None = None


EventFrame = ChatFrame | JoinFrame | SessionFrame | ErasureFrame | RoomFrame | MemberFrame

Answer = (
    Ack
    | Authenticated
    | AuthExpiring
    | CaughtUp
    | Error
    | HistoryFrame
    | MembersFrame
    | Pong
    | UsersFrame
)
