"""A room's newest frames, contiguous and bounded in bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.delivery.recent import Recent, join_frames


def test_it_holds_the_seqs_from_first_to_head() -> None:
    recent = Recent(9, [b"8", b"9"], 100)
    assert (recent.first, recent.head) == (8, 9)
    recent.extend([b"A", b"B"])
    assert (recent.first, recent.head) == (8, 11)
    assert recent.since(8, 11, 100) == (b"89AB", 11)
    assert recent.since(9, 10, 100) == (b"9A", 10)


def test_empty_it_begins_past_its_head() -> None:
    assert Recent(0, [], 100).first == 1
    assert Recent(7, [], 100).first == 8


def test_the_oldest_go_once_the_bytes_are_too_many() -> None:
    recent = Recent(0, [], 10)
    recent.extend([b"aaaa", b"bbbb", b"cccc"])
    assert (recent.first, recent.head) == (2, 3)
    recent.extend([b"d" * 11])
    assert (recent.first, recent.head) == (5, 4)
    recent.extend([b"e"])
    assert recent.since(5, 5, 100) == (b"e", 5)


def test_cleared_it_keeps_its_head() -> None:
    recent = Recent(2, [b"1", b"2"], 10)
    recent.clear()
    assert (recent.first, recent.head) == (3, 2)
    recent.extend([b"x" * 10])
    assert (recent.first, recent.head) == (3, 3)


def test_what_it_begins_with_is_bounded_too() -> None:
    recent = Recent(3, [b"aaaa", b"bbbb", b"cccc"], 10)
    assert (recent.first, recent.head) == (2, 3)


@pytest.mark.parametrize(
    ("max_bytes", "taken"),
    [(100, (b"aabbcc", 7)), (4, (b"aabb", 6)), (3, (b"aa", 5)), (1, (b"aa", 5))],
)
def test_frames_are_joined_as_far_as_they_fit_and_one_always(
    max_bytes: int, taken: tuple[bytes, int]
) -> None:
    assert join_frames([b"aa", b"bb", b"cc"], 5, max_bytes) == taken


@given(st.lists(st.lists(st.integers(1, 9), max_size=5), max_size=20), st.integers(1, 30))
def test_it_is_always_the_longest_tail_that_fits(batches: list[list[int]], limit: int) -> None:
    recent, frames = Recent(0, [], limit), list[bytes]()
    for batch in batches:
        new = [bytes([len(frames) + n]) * size for n, size in enumerate(batch)]
        frames += new
        recent.extend(new)
        kept = frames[recent.first - 1 :]
        assert recent.head == len(frames)
        assert sum(map(len, kept)) <= limit
        if recent.first > 1:
            assert sum(map(len, kept)) + len(frames[recent.first - 2]) > limit
        if kept:
            assert recent.since(recent.first, recent.head, 1_000)[0] == b"".join(kept)
