"""The pause between commits: from start to start, a multiple of what is fixed in their cost."""

from __future__ import annotations

import asyncio
from unittest import mock

import pytest

from chatlog.eventlog.committing import pace as module
from chatlog.eventlog.committing.pace import SHARE, Pace
from tests.flows.simulation.machine import VirtualLoop
from tests.support.nodes import LocalClient, node_on

COMMIT = 0.0002


def busy(longest_seconds: float, *, members: int, commit_seconds: float = COMMIT) -> Pace:
    """Return the pause after many commits in rooms of so many members."""
    pace = Pace(longest_seconds, commit_seconds)
    for _ in range(200):
        pace.note(commit_seconds, events=10, deliveries=10 * members)
    return pace


async def test_a_command_that_comes_after_the_pause_does_not_wait() -> None:
    pace = Pace(10.0, COMMIT)
    pace.start()
    await asyncio.sleep(pace.pause())
    async with asyncio.timeout(0):
        await pace.wait()


def test_the_pause_overlaps_the_commit_and_its_fan_out() -> None:
    loop = VirtualLoop()

    async def starts() -> list[float]:
        pace, found = Pace(0.02, 0.004), []
        for _ in range(3):
            await pace.wait()
            pace.start()
            found.append(loop.time())
            await asyncio.sleep(0.015)  # the commit
        return found

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        first, second, third = runner.run(starts())
    assert second - first == pytest.approx(0.02)
    assert third - second == pytest.approx(0.02)


@pytest.mark.parametrize("at", [0.001, 0.012])
def test_a_pause_is_short_once_it_is_hurried(at: float) -> None:
    loop = VirtualLoop()

    async def starts() -> list[float]:
        pace, found = Pace(0.02, 0.001), []
        for delay in (at, 1.0, 1.0):
            pace.start()
            found.append(loop.time())
            timer = loop.call_later(delay, pace.hurry)
            await pace.wait()
            timer.cancel()
        return found

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        first, second, third = runner.run(starts())
    assert second - first == pytest.approx(max(at, 0.0088))
    assert third - second == pytest.approx(Pace(0.02, 0.001).pause())


async def test_a_wait_that_is_cancelled_leaves_no_timer() -> None:
    pace = Pace(10.0, 0.1)
    pace.start()
    waiting = asyncio.create_task(pace.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    pace.hurry()
    await pace.wait()


async def test_whoever_joins_hurries_and_whoever_chats_does_not(sqlite_url: str) -> None:
    with mock.patch.object(Pace, "hurry") as hurry:
        async with node_on(sqlite_url) as node:
            ada = LocalClient(node)
            await ada.send("join", room="general", username="ada")
            await ada.until("caught_up")
            assert hurry.call_count == 1
            await ada.send("chat", message="hello", id="1")
            await ada.until("ack")
            assert hurry.call_count == 1


def test_fixed_costs_take_a_bounded_share_of_the_core() -> None:
    assert busy(1.0, members=1).pause() >= SHARE * COMMIT
    assert busy(1.0, members=1_000).pause() > 5 * busy(1.0, members=10).pause()


def test_the_pause_has_a_longest_and_may_be_none() -> None:
    assert busy(0.02, members=100_000).pause() == 0.02
    assert busy(0.0, members=100).pause() == 0


def test_the_pause_does_not_grow_with_the_size_of_batches() -> None:
    small, large = Pace(1.0, COMMIT), Pace(1.0, COMMIT)
    for _ in range(100):
        small.note(COMMIT, events=10, deliveries=200)
        large.note(COMMIT, events=500, deliveries=10_000)
    assert small.pause() == pytest.approx(large.pause())


def test_a_commit_of_one_event_does_not_wait_for_its_members_sake() -> None:
    single, shared = Pace(1.0, COMMIT), Pace(1.0, COMMIT)
    for _ in range(100):
        single.note(COMMIT, events=1, deliveries=100)
        shared.note(COMMIT, events=10, deliveries=1_000)
    assert 1.5 * single.pause() < shared.pause()


def test_a_commit_without_events_says_nothing_of_members() -> None:
    pace = busy(1.0, members=100)
    before = pace.pause()
    pace.note(COMMIT, events=0, deliveries=0)
    assert pace.pause() == before


def test_a_busy_process_pauses_longer_and_a_calm_one_does_not() -> None:
    assert pause_at(0.2) == pause_at(0.0) < 0.02
    assert pause_at(0.2) < pause_at(0.35) < pause_at(0.4) < 0.02
    assert pause_at(0.6) == 0.02


def test_the_pause_is_short_again_once_the_process_is_calm() -> None:
    assert pause_at(0.9, 0.05) == pause_at(0.05)


def pause_at(*used: float) -> float:
    """Return the pause after seconds in which a process used so much of a core each."""
    loop, cpu = VirtualLoop(), 0.0

    async def commits() -> float:
        nonlocal cpu
        pace = Pace(0.02, COMMIT)
        for share in used:
            for _ in range(1_000):
                pace.start()
                await asyncio.sleep(0.01)
                cpu += 0.01 * share
        return pace.pause()

    with (
        mock.patch.object(module, "process_time", side_effect=lambda: cpu),
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(commits())
