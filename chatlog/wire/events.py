"""Encode: an event becomes one JSON text, the same for everyone, live or replayed.

Keys are in the order of the protocol; absent fields are omitted.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from chatlog.domain.events import Erased, Joined, Left, Posted, Recorded, User

ERASED_NAME: Final = "(erased)"


class ChatFrame(msgspec.Struct, tag_field="type", tag="chat", omit_defaults=True):
    """A message of a person; ``id`` is its author's, UNSET without one."""

    room: str
    seq: int
    hash: str
    at: str
    id: str | msgspec.UnsetType
    username: str
    message: str
    erased: bool = False


class JoinFrame(msgspec.Struct, tag_field="type", tag="notification", omit_defaults=True):
    """A user arrived: the first of their sessions began."""

    event: Literal["join", "leave"]
    room: str
    seq: int
    hash: str
    at: str
    username: str
    sessions: int
    cause: str | None = None
    last_seen_at: str | None = None
    message: str | None = None
    erased: bool = False


class SessionFrame(msgspec.Struct, tag_field="type", tag="session", omit_defaults=True):
    """A further session of a present user began or ended."""

    event: Literal["join", "leave"]
    room: str
    seq: int
    hash: str
    at: str
    username: str
    sessions: int
    cause: str | None = None
    last_seen_at: str | None = None
    erased: bool = False


class ErasureFrame(msgspec.Struct, tag_field="type", tag="erasure"):
    """The content of other events was erased."""

    room: str
    seq: int
    hash: str
    at: str
    of: tuple[int, ...]
    username: str


_encode: Final = msgspec.json.Encoder().encode


def encode(recorded: Recorded) -> bytes:
    """Return the event's JSON text in UTF-8."""
    event = recorded.event
    if type(event) is Posted:
        return _encode(_chat(recorded, event))
    if type(event) is Joined:
        return _encode(_join(recorded, event))
    if type(event) is Left:
        return _encode(_leave(recorded, event))
    assert type(event) is Erased
    return _encode(
        ErasureFrame(
            recorded.room,
            recorded.seq,
            recorded.hash_text,
            recorded.at,
            event.of,
            name_of(event.user),
        )
    )


def name_of(user: User) -> str:
    """Return the user's name as sent to clients."""
    return ERASED_NAME if user.name is None else user.name


def _chat(recorded: Recorded, event: Posted) -> ChatFrame:
    return ChatFrame(
        recorded.room,
        recorded.seq,
        recorded.hash_text,
        recorded.at,
        msgspec.UNSET if event.id is None else event.id,
        name_of(event.user),
        event.message or "",
        event.message is None or event.user.name is None,
    )


def _join(recorded: Recorded, event: Joined) -> JoinFrame | SessionFrame:
    name = name_of(event.user)
    place = (recorded.room, recorded.seq, recorded.hash_text, recorded.at)
    erased = event.user.name is None
    if event.sessions > 1:
        return SessionFrame("join", *place, name, event.sessions, erased=erased)
    said = "" if erased else f"{name} joined the room."
    return JoinFrame("join", *place, name, event.sessions, message=said, erased=erased)


def _leave(recorded: Recorded, event: Left) -> JoinFrame | SessionFrame:
    name = name_of(event.user)
    place = (recorded.room, recorded.seq, recorded.hash_text, recorded.at)
    end = (name, event.sessions, event.cause, event.last_seen_at)
    erased = event.user.name is None
    if event.sessions > 0:
        return SessionFrame("leave", *place, *end, erased=erased)
    said = "" if erased else f"{name} left the room."
    return JoinFrame("leave", *place, *end, message=said, erased=erased)
