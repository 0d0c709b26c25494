"""Ids of messages: unique for ever, which a counter is not."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import Final

_RANDOM_BITS: Final = 74


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, 5.7): 48 bits of time in milliseconds, then chance."""
    chance = secrets.randbits(_RANDOM_BITS)
    milliseconds = time.time_ns() // 1_000_000
    upper, lower = chance >> 62, chance & (2**62 - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | upper << 64 | 2 << 62 | lower))
