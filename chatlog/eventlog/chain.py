"""The hash chain: ``hash = SHA-256(previous hash ‖ header)``, from a room's first event on.

The header is a sequence of fields, each a four-byte big-endian length followed by that many
bytes of UTF-8 text or raw hash; an absent field is the length 2^32-1 alone. The header holds
only a commitment to erasable content, ``SHA-256(salt ‖ content)``. ``docs/log-format.md``
specifies the bytes, with test vectors.
"""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import sha256
from typing import Final

from chatlog.kinds.event import Event, Facts

FORMAT: Final = b"chatlog-1"
GENESIS: Final = bytes(32)
SALT_BYTES: Final = 16

_DRAWN: Final = 32
"""Salts drawn at once."""

_ABSENT: Final = b"\xff\xff\xff\xff"


class Salts:
    """Fresh random salts, drawn many at a time: each draw is a system call."""

    __slots__ = ("_drawn",)

    def __init__(self) -> None:
        self._drawn = b""

    def next(self) -> bytes:
        """Return the next salt."""
        if not self._drawn:
            self._drawn = os.urandom(SALT_BYTES * _DRAWN)
        salt, self._drawn = self._drawn[:SALT_BYTES], self._drawn[SALT_BYTES:]
        return salt


def commitment(salt: bytes, content: str) -> bytes:
    """Return the 32-byte commitment to a piece of erasable content."""
    return sha256(salt + content.encode()).digest()


def field(value: bytes | str | int | None) -> bytes:
    """Return one field of a header: its length and its bytes."""
    if value is None:
        return _ABSENT
    raw = value if isinstance(value, bytes) else str(value).encode()
    return len(raw).to_bytes(4) + raw


def fields(*values: bytes | str | int | None) -> bytes:
    """Return fields of a header, one after the other."""
    return b"".join(map(field, values))


# Rooms, users and sessions repeat, so the fields that name them are put together once.
_repeated: Final = lru_cache(maxsize=4_096)(fields)
_NOTHING: Final = (None,) * 5
"""The facts from ``cause`` to ``of`` of a chat."""
_NO_FIELDS: Final = fields(*_NOTHING)


def next_hash(previous: bytes, header: bytes) -> bytes:
    """Return the chain hash of the event with this header."""
    return sha256(previous + header).digest()


def header(
    room_id: str,
    seq: int,
    at: str,
    event: Event,
    facts: Facts,
    text_commitment: bytes | None,
) -> bytes:
    """Return the bytes of an event's header: the fields that must never change, in fixed order."""
    user, between = event.user, facts[2:7]
    common = b"".join(
        (
            _repeated(FORMAT, event.type, room_id),
            field(seq),
            field(at),
            _repeated(user.id, event.node, facts.session),
            field(facts.client_id),
            _NO_FIELDS if between == _NOTHING else fields(*between),
            _repeated(user.commitment),
            field(text_commitment),
        )
    )
    return common if facts.details is None else common + field(facts.details)
