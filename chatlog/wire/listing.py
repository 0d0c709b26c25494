"""Encode listings for readers: users with their arrivals, rooms, witnesses."""

from __future__ import annotations

from typing import Final, Literal

import msgspec


class UserListed(msgspec.Struct, omit_defaults=True):
    """A user who was present; ``since`` is the arrival that made them present."""

    username: str
    sessions: int
    since: str
    since_seq: int
    uncertain: bool = False


class RoomListed(msgspec.Struct):
    """A room: its last seq, numbers of users present and of chats, first and last time.

    Where people prove who they are, it also has its access, its topic and the asker's role; what
    the asker may not know of a listed room is null.
    """

    room: str
    head: int | None
    users: int | None
    chats: int | None
    created_at: str | None
    last_at: str | None
    access: str | msgspec.UnsetType = msgspec.UNSET
    topic: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET


class WitnessListed(msgspec.Struct):
    """A user who could have seen an event, and the session that shows it.

    ``open``: present at it. ``uncertain``: present, but past the time the session was last
    seen. ``replayed``: received it on joining later. ``possible``: joined later and may have
    paged back to it. Without a session, a role since the event lets them page back to it.
    """

    username: str
    certainty: Literal["open", "uncertain", "replayed", "possible"]
    session: str | None
    joined_seq: int | None
    joined_at: str | None
    left_seq: int | None
    left_at: str | None


_encode: Final = msgspec.json.Encoder().encode


def encode_listed(listed: UserListed | RoomListed | WitnessListed) -> bytes:
    """Return the JSON text in UTF-8."""
    return _encode(listed)
