"""Just enough of RFC 6455 for a client: the opening handshake and masked frames."""

from __future__ import annotations

import os

_TEXT = 0x81
_PONG = 0x8A


def handshake(host: str, port: int, path: str, token: str | None = None) -> bytes:
    """Build the upgrade request. No compression is offered, to any server."""
    proof = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{proof}"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def text_frame(text: str) -> bytes:
    """Build one masked text frame."""
    return _frame(_TEXT, text.encode())


def unasked_pong() -> bytes:
    """Build an empty pong, which RFC 6455 (5.5.3) lets a client send at any time."""
    return _frame(_PONG, b"")


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    else:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    key = os.urandom(4)
    return head + key + _masked(payload, key)


def _masked(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
