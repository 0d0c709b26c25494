"""Read the lines of an exported file, compressed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

from chatlog.domain.errors import LogError
from chatlog.formats.files import DAMAGED, Files, Opener

Lines = Callable[[], Iterable[bytes]]
"""Opens a file for reading: an import reads it twice."""

MAX_LINE_BYTES: Final = 64 * 1_048_576  # the longest message that can be exported, twice escaped


def lines_of(opener: Opener) -> Lines:
    """Return a function that reads a JSONL file's lines.

    It raises LogError if a line is too long, or the file is a damaged gzip file.
    """
    return lambda: _lines(opener)


def _lines(opener: Opener) -> Iterator[bytes]:
    number = 0
    try:
        with opener() as opened:
            for number in count(1):
                line = opened.readline(MAX_LINE_BYTES + 1)
                if not line:
                    return
                if len(line) > MAX_LINE_BYTES:
                    raise LogError(f"Line {number} is longer than {MAX_LINE_BYTES:,} bytes.")
                yield line
    except DAMAGED:
        raise LogError(f"The compressed file is damaged in line {number}.") from None


def is_export(file: Path) -> bool:
    """Whether a file begins like an export by ``chatlog export``."""
    if file.is_dir():
        return False
    try:
        with Files().unpacked(file)() as opened:
            return opened.read(8) == b'{"type":'
    except DAMAGED:
        raise LogError(f"{file.name} is damaged: it cannot be decompressed.") from None
