"""Bytes to lines: detect the encoding and the line ends of a file.

Encodings are UTF-8 and UTF-16 (as PowerShell writes it), each with or without a byte order mark;
a line that is not UTF-8 is Windows-1252. Lines end with LF, CRLF, or CR alone if the beginning of
the file has no other line end.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from chatlog.domain.errors import LogError
from chatlog.formats.files import DAMAGED, Opener

_PROBE_BYTES: Final = 65_536
_MAX_LINE_BYTES: Final = 1_048_576
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_lines(opener: Opener, encoding: str | None = None) -> Iterator[str]:
    """Yield a file's lines as text, without their ends.

    Raises:
        LogError: if the file does not have the given encoding, is a damaged gzip file, or has an
            overlong line.
    """
    number = 0
    try:
        with opener() as probed:
            head = probed.read(_PROBE_BYTES)
        named = encoding or _marked(head)
        with opener() as opened:
            lines = _split(opened, head) if named is None else _decoded(opened, named)
            for number, line in enumerate(lines, 1):
                if len(line) >= _MAX_LINE_BYTES:
                    raise LogError(f"Line {number} is longer than {_MAX_LINE_BYTES:,} bytes.")
                yield line
    except UnicodeError:
        raise LogError(f"The file is not {named}: line {number + 1} cannot be decoded.") from None
    except DAMAGED:
        raise LogError(f"The compressed file is damaged after line {number}.") from None


def check_encoding(name: str) -> None:
    """Refuse a name that is not a text encoding.

    Raises:
        LogError: naming it.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except (LookupError, ValueError):
        raise LogError(f"{name!r} is not a text encoding: try utf-8, cp1252 or utf-16.") from None


def _marked(head: bytes) -> str | None:
    """Return the encoding indicated by the beginning of a file; None for UTF-8 and its like."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    # A line of any log begins with ASCII, of which every other byte is 0 in UTF-16; what
    # people write need not have any.
    zeros = [byte == 0 for byte in head[:4]]
    if zeros == [False, True, False, True]:
        return "utf-16-le"
    if zeros == [True, False, True, False]:
        return "utf-16-be"
    return None


def _decoded(opened: BinaryIO, encoding: str) -> Iterator[str]:
    with io.TextIOWrapper(opened, encoding=encoding, newline=None) as text:
        while line := text.readline(_MAX_LINE_BYTES):
            yield line.removesuffix("\n").removeprefix("\ufeff")


def _split(opened: BinaryIO, head: bytes) -> Iterator[str]:
    if b"\n" not in head and b"\r" in head:
        # Only CR ends lines; the text between them is still decoded line by line.
        lines = _decoded(opened, "latin-1")
        yield from map(_text_of, _unmarked(line.encode("latin-1") for line in lines))
    else:
        raw = iter(lambda: opened.readline(_MAX_LINE_BYTES), b"")
        yield from map(_text_of, _unmarked(raw))


def _unmarked(raw: Iterator[bytes]) -> Iterator[bytes]:
    for first in raw:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from raw


def _text_of(raw: bytes) -> str:
    raw = raw.rstrip(b"\r\n")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")
