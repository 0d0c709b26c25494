"""Server-sent events (HTML Standard, section 9.2) from the frames that WebSockets are sent.

An event of a room is a message whose id, ``SEQ-HASH``, a browser sends back when it resumes. What
answers the join (``users``, ``caught_up``) is a message of that name without an id. Frames about
signing in are left out: a stream takes no commands. The id of a stream of several rooms has the
cursors of all of them, ``ROOM=SEQ-HASH`` separated by commas, the names percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import msgspec

from chatlog.kinds.event import MAX_SEQ
from chatlog.wire.frames import payloads

END: Final = "end"
"""The id of a stream's last message, after which it cannot be resumed."""

COMMENT: Final = b":\n\n"

_NAMED: Final = frozenset({"caught_up", "users"})
_LEFT_OUT: Final = frozenset({"auth", "auth_expiring"})
_CURSOR: Final = re.compile(r"([0-9]{1,19})-([0-9a-f]{16})")
NOWHERE: Final = (MAX_SEQ, "0" * 16)
"""A cursor that no room has: whoever resumes from it is told `after_unknown`."""


Cursor = tuple[int, str]
"""A seq, and the hash of its event."""


class StreamError(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """Why a stream ends or, with ``room``, why that one of its rooms is not among them."""

    code: str
    message: str
    room: str | None = None


class _Head(msgspec.Struct):
    type: str
    room: str = ""
    seq: int = 0
    hash: str = ""


_encode: Final = msgspec.json.Encoder().encode
_decode_head: Final = msgspec.json.Decoder(_Head).decode


@lru_cache(maxsize=1)  # all streams of a room are sent the same buffer, one after the other
def messages_of(frames: bytes) -> bytes:
    """Return these text frames as messages."""
    return b"".join(map(_message, payloads(frames)))


def _message(payload: bytes) -> bytes:
    head = _decode_head(payload)
    if head.seq and head.type not in _NAMED:
        return _event(f"{head.seq}-{head.hash}", payload)
    return _answer(head, payload)


def _event(id: str, payload: bytes) -> bytes:
    return b"id: %b\ndata: %b\n\n" % (id.encode(), payload)


def _answer(head: _Head, payload: bytes) -> bytes:
    if head.type in _LEFT_OUT:
        return b""
    return b"event: %b\ndata: %b\n\n" % (head.type.encode(), payload)


class Cursors:
    """The cursors of a stream of several rooms, and its messages."""

    __slots__ = ("_of",)

    def __init__(self, of: Mapping[str, Cursor]) -> None:
        self._of = {room: _cursor_text(cursor) for room, cursor in of.items()}

    def messages_of(self, frames: bytes) -> bytes:
        """Return these text frames as messages, and note how far they bring their rooms."""
        return b"".join(map(self._message, payloads(frames)))

    def _message(self, payload: bytes) -> bytes:
        head = _decode_head(payload)
        if not head.seq or head.type in _NAMED:
            return _answer(head, payload)
        self._of[head.room] = f"{head.seq}-{head.hash}"
        id = ",".join(f"{quote(room, safe='')}={cursor}" for room, cursor in self._of.items())
        return _event(id, payload)


def _cursor_text(cursor: Cursor) -> str:
    return f"{cursor[0]}-{cursor[1]}"


def error_message(error: StreamError, *, is_last: bool) -> bytes:
    """Return the message of an error, which may be why a stream ends for good."""
    id = b"id: %b\n" % END.encode() if is_last else b""
    return b"event: error\n%bdata: %b\n\n" % (id, _encode(error))


def cursors_in(id: str) -> dict[str, Cursor] | None:
    """Return the cursors by room in the id of a stream of several rooms; None if it is none."""
    found: dict[str, Cursor] = {}
    for part in id.split(","):
        room, equals, cursor = part.partition("=")
        if not equals:
            return None
        found[unquote(room)] = cursor_in(cursor)
    return found


def cursor_in(id: str) -> Cursor:
    """Return the seq and hash in a message's id; of any other text, those of no event."""
    match = _CURSOR.fullmatch(id)
    if match is None or int(match[1]) > MAX_SEQ:
        return NOWHERE
    return int(match[1]), match[2]
