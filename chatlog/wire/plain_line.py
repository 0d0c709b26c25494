"""Read the line of a plain chat in an export, in one step.

``decode_proved`` reads any line twice and writes it again from the event. A plain chat can be read
once, as it is: nothing in its proof depends on its type or on what was erased.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatlog.kinds.chat import ChatFrame


class PlainProof(msgspec.Struct):
    """The ``proof`` of a plain chat. Its texts may be anything: see ``decode_plain``."""

    format: str
    hash: str
    room_id: str
    user_id: str
    node: str
    name_commitment: str
    name_salt: str
    text_commitment: str
    text_salt: str
    session: str


class PlainLine(ChatFrame, tag="chat", kw_only=True):
    """The line of a plain chat."""

    proof: PlainProof

    @property
    def client_id(self) -> str | None:
        """Its author's id for it."""
        return None if self.id is msgspec.UNSET else self.id


_decode: Final = msgspec.json.Decoder(PlainLine).decode
_encode: Final = msgspec.json.Encoder().encode


def decode_plain(line: bytes) -> PlainLine | None:
    """Return what a line says, if it is written as an export writes a plain chat's.

    The form of its texts, and whether they agree, is for the caller to check.
    """
    try:
        found = _decode(line)
        if _encode(found) != line:
            return None
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return None
    is_plain = found.via is msgspec.UNSET and not found.erased
    return found if is_plain else None
