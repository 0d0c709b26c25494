"""Bytes become lines, whoever wrote them."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import BinaryIO

import pytest

from chatlog.domain.errors import LogError
from chatlog.formats.encoding import check_encoding, text_lines
from chatlog.formats.files import unpacked

TEXT = "[10:00] <ann> Grüße €\n[10:01] <ann> 世界\n"
LATIN = "[10:00] <ann> Grüße €\n[10:01] <ann> naïve\n"


def opener(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(data)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_the_same_in_every_encoding(data: bytes, *, packed: bool) -> None:
    opened = unpacked(opener(gzip.compress(data) if packed else data))
    assert list(text_lines(opened)) == TEXT.splitlines()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_with_few_latin_letters_shows_its_encoding_too(encoding: str) -> None:
    text = f"[10:00] <ann> {'世界一' * 40}\n"
    assert list(text_lines(opener(text.encode(encoding)))) == text.splitlines()


def test_a_line_that_is_not_utf8_is_windows_1252() -> None:
    data = LATIN.encode("cp1252") + TEXT.encode()
    assert list(text_lines(opener(data))) == LATIN.splitlines() + TEXT.splitlines()


def test_another_encoding_is_given() -> None:
    text = "[10:00] <аня> привет\n"
    assert list(text_lines(opener(text.encode("koi8-r")), "koi8-r")) == text.splitlines()
    with pytest.raises(LogError, match="utf-8"):
        list(text_lines(opener(LATIN.encode("cp1252")), "utf-8"))


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "hex", "\x00", ""])
def test_what_is_no_encoding_of_texts_is_refused(name: str) -> None:
    with pytest.raises(LogError, match="encoding"):
        check_encoding(name)


def test_a_packed_file_that_is_cut_or_damaged_is_an_error_in_words() -> None:
    packed = gzip.compress(TEXT.encode() * 1_000)
    for data in (packed[:60], packed[:10] + b"\xff" * 40):
        with pytest.raises(LogError, match="damaged"):
            list(text_lines(unpacked(opener(data))))


@pytest.mark.parametrize("encoding", [None, "latin-1"])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r"])
def test_a_line_longer_than_any_logs_is_refused(end: bytes, encoding: str | None) -> None:
    data = b"x" * 10 + end + b"x" * 3_000_000
    with pytest.raises(LogError, match="longer than 1,048,576 bytes"):
        list(text_lines(opener(data), encoding))
