"""Frames as a client sends them."""

from __future__ import annotations

MASK = b"\x37\xfa\x21\x3d"


def frame(
    payload: bytes, opcode: int = 1, *, fin: bool = True, mask: bytes = MASK, reserved: int = 0
) -> bytes:
    """Return a masked frame."""
    size, head = len(payload), (0x80 if fin else 0) | reserved | opcode
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 65_536:
        length = bytes((0x80 | 126,)) + size.to_bytes(2)
    else:
        length = bytes((0x80 | 127,)) + size.to_bytes(8)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes((head,)) + length + mask + masked
