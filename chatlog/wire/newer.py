"""Recognise the lines of an export that a newer version of chatlog wrote."""

from __future__ import annotations

from typing import Final

import msgspec

from chatlog.kinds.registry import BY_TYPE


class _Proof(msgspec.Struct):
    format: str


class _Line(msgspec.Struct):
    """The part of a line that says what it is; ``event`` is in frames that kinds share."""

    type: str
    proof: _Proof
    event: str | None = None


_decode: Final = msgspec.json.Decoder(_Line).decode


def unknown_type(line: bytes) -> str | None:
    """Return the type of the event in a line if this version does not know it, otherwise None."""
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    kind = found.event or found.type
    return None if kind in BY_TYPE else kind
