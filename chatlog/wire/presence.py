"""Encode a presence digest: the frame that stands for a run of joins and leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec


class PresenceFrame(msgspec.Struct, tag_field="type", tag="presence", rename={"from_": "from"}):
    """A run of joins and leaves, ``from`` one seq to another, for clients who asked for digests.

    ``joined`` and ``left`` name the users who arrived and departed within the run, by code point;
    ``hash`` is that of the event at ``seq``, ``count`` the number of users present after it.
    """

    room: str
    from_: int
    seq: int
    hash: str
    joined: Sequence[str]
    left: Sequence[str]
    count: int


_encode: Final = msgspec.json.Encoder().encode


def encode_presence(frame: PresenceFrame) -> bytes:
    """Return the frame's JSON text in UTF-8."""
    return _encode(frame)
