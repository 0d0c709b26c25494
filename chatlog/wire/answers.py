"""Encode what is said to one client alone: acks, errors, pages, who is present."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from chatlog.domain.events import Recorded
from chatlog.wire.events import encode


class Ack(msgspec.Struct, tag_field="type", tag="ack", omit_defaults=True):
    """A chat or leave is durable, at this seq."""

    id: str
    room: str
    seq: int
    hash: str
    repeated: bool = False


class Error(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """A command was refused, or its outcome is unknown."""

    code: str
    message: str
    id: str | None = None


class UsersFrame(msgspec.Struct, tag_field="type", tag="users", omit_defaults=True):
    """Who is present as of a seq: at most 1,000 names by code point, and how many in all."""

    room: str
    seq: int
    users: Sequence[str]
    count: int
    id: str | None = None


class CaughtUp(msgspec.Struct, tag_field="type", tag="caught_up", omit_defaults=True):
    """A joiner has been shown all up to this seq; what follows is live."""

    room: str
    seq: int
    hash: str
    first: int
    more: bool
    session: str
    id: str | None = None


class HistoryFrame(msgspec.Struct, tag_field="type", tag="history", omit_defaults=True):
    """A page of events; ``first`` and ``last`` are the ends of the range looked through."""

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


Answer = Ack | Error | UsersFrame | CaughtUp | HistoryFrame | Pong

_encode: Final = msgspec.json.Encoder().encode


def encode_answer(answer: Answer) -> bytes:
    """Return the answer's JSON text in UTF-8."""
    return _encode(answer)


def encode_events(events: Sequence[Recorded]) -> list[msgspec.Raw]:
    """Return the events as the bytes that everybody sees, to be put into an answer."""
    return [msgspec.Raw(encode(event)) for event in events]
