"""A client's frames, however they arrive, and what is no frame."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.web.sockets.reader import CLOSE, PART, PING, PONG, TEXT, BadFrame, FrameReader, Message

from .frames import frame

MAX = 70_000
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 9, 10]), st.binary(max_size=300), st.binary(min_size=4, max_size=4)
    ),
    max_size=8,
)


def read(data: bytes, *cuts: int, max_bytes: int = MAX) -> list[Message]:
    """Return the messages in bytes that arrive in pieces."""
    reader, found, begin = FrameReader(max_bytes), list[Message](), 0
    for end in (*sorted(cuts), len(data)):
        reader.feed(data[begin:end])
        begin = end
        while (message := reader.next()) is not None:
            if message != (PART, b""):
                found.append(message)
    assert reader.waiting == 0 or reader.waiting < 2 + 8 + 4
    return found


@given(MESSAGES, st.lists(st.integers(0, 2_000), max_size=6))
def test_messages_are_the_same_however_their_bytes_arrive(
    messages: list[tuple[int, bytes, bytes]], cuts: list[int]
) -> None:
    sent = [(op, text[:125] if op >= 8 else text, mask) for op, text, mask in messages]
    data = b"".join(frame(text, op, mask=mask) for op, text, mask in sent)
    assert read(data, *(cut % (len(data) + 1) for cut in cuts)) == [(op, t) for op, t, _ in sent]


@given(st.lists(st.binary(max_size=50), min_size=2, max_size=6), st.booleans())
def test_a_message_in_several_frames_is_put_together_and_pings_may_come_between(
    parts: list[bytes], one_byte_at_a_time: bool
) -> None:
    frames = [frame(parts[0], TEXT, fin=False)]
    for part in parts[1:-1]:
        frames += [frame(b"?", PING), frame(part, 0, fin=False)]
    frames += [frame(b"!", PONG), frame(parts[-1], 0)]
    data = b"".join(frames)
    cuts = range(len(data)) if one_byte_at_a_time else ()
    expected = [(PING, b"?")] * (len(parts) - 2) + [(PONG, b"!"), (TEXT, b"".join(parts))]
    assert read(data, *cuts) == expected


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, MAX])
def test_messages_of_every_length_are_read(size: int) -> None:
    text = bytes(number % 251 for number in range(size))
    assert read(frame(text), size // 2) == [(TEXT, text)]


def test_a_message_that_is_too_large_is_refused_before_it_has_arrived() -> None:
    whole = frame(b"x" * 101)
    for data in (whole[:6], frame(b"x" * 60, fin=False) + frame(b"x" * 41, 0)[:2]):
        with pytest.raises(BadFrame) as caught:
            read(data, max_bytes=100)
        assert caught.value.code == 1009
    assert read(frame(b"x" * 60, fin=False) + frame(b"x" * 40, 0), max_bytes=100)


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\x01x",
        frame(b"x", reserved=0x40),
        frame(b"x", reserved=0x10),
        *(frame(b"x", opcode) for opcode in (3, 7, 11, 15)),
        frame(b"x", PING, fin=False),
        frame(b"x" * 126, PING),
        frame(b"x", 0),
        frame(b"x", fin=False) + frame(b"y"),
        frame(b"\x03", CLOSE),
        *(frame(code.to_bytes(2), CLOSE) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)),
    ],
)
def test_what_no_client_may_send_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame) as caught:
        read(data)
    assert caught.value.code == 1002


def test_a_close_frame_has_a_code_and_a_reason_or_neither() -> None:
    assert read(frame(b"", CLOSE)) == [(CLOSE, b"")]
    assert read(frame(b"\x03\xe8bye", CLOSE)) == [(CLOSE, b"\x03\xe8bye")]
    with pytest.raises(BadFrame) as caught:
        read(frame(b"\x03\xe8\xff", CLOSE))
    assert caught.value.code == 1007


def test_what_has_been_read_is_not_kept() -> None:
    reader = FrameReader(MAX)
    reader.feed(frame(b"x" * 1_000) + frame(b"y"))
    assert reader.next() == (TEXT, b"x" * 1_000)
    assert reader.waiting == len(frame(b"y"))
    assert reader.next() == (TEXT, b"y")
    assert (reader.waiting, reader.next()) == (0, None)
    assert reader._data == b""


def test_a_frame_that_arrives_in_tiny_pieces_takes_little_more_than_its_bytes() -> None:
    data, reader = frame(b"x" * 60_000), FrameReader(MAX)
    tracemalloc.start()
    try:
        for begin in range(0, 50_000, 2):
            reader.feed(data[begin : begin + 2])
            assert reader.next() is None
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 2 * 50_000
    reader.feed(data[50_000:])
    assert reader.next() == (TEXT, b"x" * 60_000)
