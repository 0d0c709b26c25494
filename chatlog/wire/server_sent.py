"""Server-sent events (HTML Standard, section 9.2) from the frames that WebSockets are sent.

An event of a room is a message whose id, ``SEQ-HASH``, a browser sends back when it resumes. What
answers the join (``users``, ``caught_up``) is a message of that name without an id. Frames about
signing in are left out: a stream takes no commands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from chatlog.kinds.event import MAX_SEQ
from chatlog.wire.answers import Error, encode_answer
from chatlog.wire.frames import payloads

END: Final = "end"
"""The id of a stream's last message, after which it cannot be resumed."""

COMMENT: Final = b":\n\n"

_NAMED: Final = frozenset({"caught_up", "users"})
_LEFT_OUT: Final = frozenset({"auth", "auth_expiring"})
_CURSOR: Final = re.compile(r"([0-9]{1,19})-([0-9a-f]{16})")
_NOWHERE: Final = (MAX_SEQ, "0" * 16)


class _Head(msgspec.Struct):
    type: str
    seq: int = 0
    hash: str = ""


_decode_head: Final = msgspec.json.Decoder(_Head).decode


@lru_cache(maxsize=1)  # all streams of a room are sent the same buffer, one after the other
def messages_of(frames: bytes) -> bytes:
    """Return these text frames as messages."""
    return b"".join(map(_message, payloads(frames)))


def _message(payload: bytes) -> bytes:
    head = _decode_head(payload)
    if head.type in _LEFT_OUT:
        return b""
    if head.type in _NAMED:
        return b"event: %b\ndata: %b\n\n" % (head.type.encode(), payload)
    return b"id: %d-%b\ndata: %b\n\n" % (head.seq, head.hash.encode(), payload)


def last_message(error: Error) -> bytes:
    """Return the message that says why a stream ends for good."""
    return b"event: error\nid: %b\ndata: %b\n\n" % (END.encode(), encode_answer(error))


def cursor_in(id: str) -> tuple[int, str]:
    """Return the seq and hash in a message's id; of any other text, those of no event."""
    match = _CURSOR.fullmatch(id)
    if match is None or int(match[1]) > MAX_SEQ:
        return _NOWHERE
    return int(match[1]), match[2]
