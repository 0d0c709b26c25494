"""Text frames as RFC 6455 has them."""

from __future__ import annotations

import pytest

from chatlog.wire.frames import text_frame


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (1, b"\x81\x01"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (127, b"\x81\x7e\x00\x7f"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        (70_000, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x70"),
    ],
)
def test_the_length_takes_as_few_bytes_as_it_can(size: int, head: bytes) -> None:
    payload = b"x" * size
    assert text_frame(payload) == head + payload
