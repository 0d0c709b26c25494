"""Build WebSocket frames of a server, and define close codes (RFC 6455, section 5.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

GOING_AWAY: Final = 1001
UNSUPPORTED: Final = 1003
NOT_UTF8: Final = 1007
TOO_MANY_ERRORS: Final = 4400
NOT_AUTHENTICATED: Final = 4401
TOO_SLOW: Final = 4408
TOO_MANY_CONNECTIONS: Final = 4429

_TEXT: Final = 0x81  # FIN and opcode 1: one whole text message
_head16: Final = struct.Struct("!BBH").pack
_head64: Final = struct.Struct("!BBQ").pack


def text_frame(payload: bytes) -> bytes:
    """Return the payload as one unmasked, unfragmented text frame."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 65_536:
        return _head16(_TEXT, 126, size) + payload
    return _head64(_TEXT, 127, size) + payload


def payloads(frames: bytes) -> Iterator[bytes]:
    """Yield the payload of each of these text frames, which ``text_frame`` made."""
    place = 0
    while place < len(frames):
        size, start = frames[place + 1], place + 2
        if size > 125:
            width = 2 if size == 126 else 8
            size = int.from_bytes(frames[start : start + width])
            start += width
        place = start + size
        yield frames[start:place]
