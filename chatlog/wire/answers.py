"""Encode answers to a single client: acks, errors, pages, users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from chatlog.kinds.event import Recorded
from chatlog.wire.events import encode


class Ack(msgspec.Struct, tag_field="type", tag="ack", omit_defaults=True, kw_only=True):
    """A command is durable: its last event is at this seq."""

    id: str | None = None
    room: str
    seq: int
    hash: str
    repeated: bool = False


class Authenticated(msgspec.Struct, tag_field="type", tag="auth", omit_defaults=True):
    """Whom the token proves the client to be, and until when; null means no end."""

    subject: str
    username: str
    scope: Sequence[str]
    expires_at: str | None
    id: str | None = None


class AuthExpiring(msgspec.Struct, tag_field="type", tag="auth_expiring"):
    """The token ends soon: send another."""

    expires_at: str


class MemberListed(msgspec.Struct):
    """Somebody's role in a room, and the seq of the event that gave it."""

    username: str
    subject: str
    role: str
    since_seq: int
    until: str | None


class MembersFrame(msgspec.Struct, tag_field="type", tag="members", omit_defaults=True):
    """Members in order of their subjects, as of a seq; continue after the last subject."""

    room: str
    seq: int
    members: Sequence[MemberListed]
    more: bool
    id: str | None = None


class Error(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """A command was refused, or its outcome is unknown."""

    code: str
    message: str
    id: str | None = None
    retry_after: float | None = None


class UsersFrame(msgspec.Struct, tag_field="type", tag="users", omit_defaults=True):
    """The users present as of a seq: at most 1,000 names by code point, and their number."""

    room: str
    seq: int
    users: Sequence[str]
    count: int
    id: str | None = None


class CaughtUp(msgspec.Struct, tag_field="type", tag="caught_up", omit_defaults=True):
    """A new member has received everything up to this seq; live events follow."""

    room: str
    seq: int
    hash: str
    first: int
    more: bool
    session: str
    id: str | None = None


class HistoryFrame(msgspec.Struct, tag_field="type", tag="history", omit_defaults=True):
    """A page of events; ``first`` and ``last`` are the ends of the range covered."""

    room: str
    events: list[msgspec.Raw]
    first: int | None
    last: int | None
    more_before: bool
    more_after: bool
    id: str | None = None


class Pong(msgspec.Struct, tag_field="type", tag="pong", omit_defaults=True):
    """The answer to a ping."""

    id: str | None = None


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

_encode: Final = msgspec.json.Encoder().encode


def encode_answer(answer: Answer) -> bytes:
    """Return the answer's JSON text in UTF-8."""
    return _encode(answer)


def encode_events(events: Sequence[Recorded]) -> list[msgspec.Raw]:
    """Return the events as the bytes that all clients get, to embed in an answer."""
    return [msgspec.Raw(encode(event)) for event in events]
