"""How much one connection may do, on a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from chatlog.chat.allowance import Allowance, Tally


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: clock)
    return clock


def taken(allowance: Allowance, tries: int = 1_000) -> int:
    return sum(allowance.take() == 0 for _ in range(tries))


def test_five_seconds_worth_may_come_at_once(clock: Clock) -> None:
    assert taken(Allowance(10)) == 50


def test_then_so_many_a_second(clock: Clock) -> None:
    allowance = Allowance(8)
    taken(allowance)
    for _ in range(5):
        clock.now += 1
        assert taken(allowance) == 8
    clock.now += 1 / 16
    assert taken(allowance) == 0
    clock.now += 1 / 16
    assert taken(allowance) == 1


def test_no_more_is_saved_up_than_five_seconds_worth(clock: Clock) -> None:
    allowance = Allowance(10)
    clock.now += 3_600
    assert taken(allowance) == 50


def test_less_than_one_a_second_still_gives_one(clock: Clock) -> None:
    allowance = Allowance(0.01)
    assert taken(allowance) == 1
    clock.now += 99
    assert taken(allowance) == 0
    clock.now += 2
    assert taken(allowance) == 1


def test_a_tally_is_full_at_the_last_one_within_a_minute(clock: Clock) -> None:
    tally = Tally(3)
    assert [tally.is_full() for _ in range(4)] == [False, False, True, True]


def test_a_tally_forgets_what_is_more_than_a_minute_ago(clock: Clock) -> None:
    tally = Tally(3)
    found = []
    for _ in range(10):
        found.append(tally.is_full())
        clock.now += 31
    assert not any(found)
    clock.now += 1
    assert [tally.is_full(), tally.is_full(), tally.is_full()] == [False, True, True]


def test_one_may_be_too_many(clock: Clock) -> None:
    assert Tally(1).is_full()
