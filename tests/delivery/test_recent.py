"""A room's newest frames, contiguous and bounded in bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.delivery.recent import Budget, Recent, join_frames


def test_it_holds_the_seqs_from_first_to_head() -> None:
    recent = Recent(9, [b"8", b"9"], Budget(100))
    assert (recent.first, recent.head) == (8, 9)
    recent.extend([b"A", b"B"])
    assert (recent.first, recent.head) == (8, 11)
    assert recent.since(8, 11, 100) == (b"89AB", 11)
    assert recent.since(9, 10, 100) == (b"9A", 10)


def test_empty_it_begins_past_its_head() -> None:
    assert Recent(0, [], Budget(100)).first == 1
    assert Recent(7, [], Budget(100)).first == 8


def test_the_oldest_go_once_the_bytes_are_too_many() -> None:
    recent = Recent(0, [], Budget(10))
    recent.extend([b"aaaa", b"bbbb", b"cccc"])
    assert (recent.first, recent.head) == (2, 3)
    recent.extend([b"d" * 11])
    assert (recent.first, recent.head) == (5, 4)
    recent.extend([b"e"])
    assert recent.since(5, 5, 100) == (b"e", 5)


def test_cleared_it_keeps_its_head() -> None:
    recent = Recent(2, [b"1", b"2"], Budget(10))
    recent.clear()
    assert (recent.first, recent.head) == (3, 2)
    recent.extend([b"x" * 10])
    assert (recent.first, recent.head) == (3, 3)


def test_what_it_begins_with_is_bounded_too() -> None:
    recent = Recent(3, [b"aaaa", b"bbbb", b"cccc"], Budget(10))
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
    recent, frames = Recent(0, [], Budget(limit)), list[bytes]()
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


# --- one budget for several rooms --------------------------------------------------------------


def rooms_of(budget: Budget, count: int, frames: int, size: int = 10) -> list[Recent]:
    """Make rooms that have published so many frames, one room after the other."""
    rooms = [Recent(0, [], budget) for _ in range(count)]
    for room in rooms:
        room.extend([bytes(size)] * frames)
    return rooms


def test_a_room_alone_takes_what_one_room_may_have() -> None:
    budget = Budget(1_000, max_room_bytes=200)
    [room] = rooms_of(budget, 1, frames=50)
    assert room.bytes == budget.used == 200


def test_the_least_recently_published_room_gives_way_first_down_to_its_share() -> None:
    budget = Budget(400)
    one, two = rooms_of(budget, 2, frames=16)
    [three] = rooms_of(budget, 1, frames=10)
    assert [room.bytes for room in (one, two, three)] == [140, 160, 100]
    one.extend([bytes(10)])
    assert [room.bytes for room in (one, two, three)] == [150, 150, 100]
    three.extend([bytes(10)] * 2)
    assert [room.bytes for room in (one, two, three)] == [150, 130, 120]
    three.extend([bytes(10)])
    assert [room.bytes for room in (one, two, three)] == [140, 130, 130]


def test_no_room_gives_up_its_equal_share_however_much_is_said_in_another() -> None:
    budget = Budget(1_000)
    quiet = rooms_of(budget, 9, frames=11)
    busy = Recent(0, [], budget)
    for _ in range(100):
        busy.extend([bytes(10)] * 3)
    assert [room.bytes for room in quiet] == [100] * 9
    assert busy.bytes == 100


def test_what_the_quiet_do_not_use_is_the_busy_room_s() -> None:
    budget = Budget(1_000)
    rooms_of(budget, 9, frames=1)
    [busy] = rooms_of(budget, 1, frames=500)
    assert busy.bytes == 1_000 - 9 * 10


def test_a_room_that_is_closed_or_cleared_leaves_its_bytes_to_others() -> None:
    budget = Budget(200)
    one, two = rooms_of(budget, 2, frames=10)
    one.close()
    one.close()
    assert budget.used == 100
    two.extend([bytes(10)] * 10)
    assert two.bytes == 200
    two.clear()
    assert budget.used == 0


def test_more_rooms_than_bytes_keep_nothing() -> None:
    budget = Budget(10)
    rooms = rooms_of(budget, 20, frames=2, size=4)
    assert budget.used <= 10
    assert all(room.first <= room.head + 1 for room in rooms)


@given(
    st.lists(
        st.tuples(st.sampled_from(["open", "close", "clear", "say"]), st.integers(0, 9)),
        max_size=60,
    ),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
)
def test_the_budget_holds_whatever_the_rooms_do(
    story: list[tuple[str, int]], sizes: list[int]
) -> None:
    budget, rooms = Budget(200, max_room_bytes=90), list[Recent]()
    for what, who in story:
        if what == "open" or not rooms:
            rooms.append(Recent(5, [bytes(size) for size in sizes], budget))
        elif what == "close":
            rooms.pop(who % len(rooms)).close()
        elif what == "clear":
            rooms[who % len(rooms)].clear()
        else:
            rooms[who % len(rooms)].extend([bytes(size) for size in sizes])
        assert budget.used == sum(room.bytes for room in rooms) <= 200
        for room in rooms:
            kept = room.since(room.first, room.head, 10**6)[0]
            assert len(kept) == room.bytes <= 90
