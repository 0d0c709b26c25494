"""Frames that may stand for several seqs each, and how they are joined into buffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A frame that covers the seqs after the previous piece's up to ``last``."""

    frame: bytes
    last: int


def join_pieces(pieces: Sequence[Piece], max_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield buffers of at most ``max_bytes``, each with its last seq and its number of frames.

    A frame that is larger is a buffer of its own.
    """
    taken: list[bytes] = []
    size = last = 0
    for frame, end in pieces:
        if taken and size + len(frame) > max_bytes:
            yield b"".join(taken), last, len(taken)
            taken, size = [], 0
        taken.append(frame)
        size += len(frame)
        last = end
    if taken:
        yield b"".join(taken), last, len(taken)
