"""A member who is behind is brought to the head at their own speed, or let go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from chatlog.delivery.catch_up import TOO_SLOW, CatchUp
from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.outlet import drained
from chatlog.delivery.pages import PageBudget, Pages
from chatlog.delivery.recent import Budget, Recent
from tests.support.outlets import FakeOutlet

MARK = 1_000


def frame(seq: int) -> bytes:
    return b"<%09d>" % seq * 9  # 99 bytes


def run_of(first: int, last: int) -> bytes:
    return b"".join(map(frame, range(first, last + 1)))


class Log:
    """A room's log of which ``head`` events are there and the last few in recent frames."""

    def __init__(self, tasks: asyncio.TaskGroup, head: int, slow_seconds: float) -> None:
        self.head = head
        self.reads: list[int] = []
        self.failures = 0
        self.delivered = Delivered()
        self.failed: list[Exception] = []
        catch_up = CatchUp(tasks, mark=MARK, slow_seconds=slow_seconds, failed=self.failed.append)
        recent = [frame(seq) for seq in range(max(1, head - 4), head + 1)]
        self.feed = Feed(
            "general",
            Recent(head, recent, Budget(600)),
            max_buffer_bytes=MARK,
            delivered=self.delivered,
            catch_up=catch_up.start,
            pages=Pages(PageBudget(1_000_000)),
        )

    async def read(self, first: int, last: int) -> list[bytes]:
        self.reads.append(first)
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise OSError("the database is away")
        return [frame(n) for n in range(first, min(last, self.head) + 1)]

    def publish(self, count: int) -> None:
        frames = [frame(self.head + n) for n in range(1, count + 1)]
        self.head += count
        self.feed.publish(frames)


@asynccontextmanager
async def log_of(head: int, *, slow_seconds: float = 5) -> AsyncIterator[Log]:
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        yield Log(tasks, head, slow_seconds)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def read_slowly(outlet: FakeOutlet, size: int, done: Callable[[], bool]) -> None:
    while not done():
        outlet.read(size)
        await asyncio.sleep(0.0005)


async def test_a_member_far_behind_gets_every_seq_once_and_its_notice_in_place() -> None:
    async with log_of(300) as log:
        outlet = FakeOutlet()
        log.feed.admit(Member("s", outlet, log.read, 9, b"(notice)", 250))
        await until(lambda: "s" in log.feed.live)
        log.publish(3)
    assert outlet.got == run_of(10, 250) + b"(notice)" + run_of(251, 303)


async def test_others_have_their_turn_between_two_pages_that_are_in_memory() -> None:
    async with log_of(1_000) as log:
        first, second = FakeOutlet(), FakeOutlet()
        log.feed.admit(Member("first", first, log.read, 0))
        await until(lambda: "first" in log.feed.live)
        log.feed.admit(Member("second", second, log.read, 0))
        turns = 0
        while "second" not in log.feed.live:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 10
    assert second.got == first.got == run_of(1, 1_000)
    assert log.reads == list(range(1, 1_000, 100))


async def test_a_slow_reader_gets_all_while_more_is_published_and_little_waits() -> None:
    async with log_of(200) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0, b"(notice)", 200))
        for _ in range(40):
            log.publish(5)
            outlet.read(300)
            await asyncio.sleep(0.001)
        await read_slowly(outlet, 900, lambda: "s" in log.feed.live)
    assert outlet.got == run_of(1, 200) + b"(notice)" + run_of(201, 400)
    assert outlet.most_unread <= 2 * MARK + len(b"(notice)")
    assert log.delivered.events == 400


async def test_a_member_goes_behind_and_comes_back_more_than_once() -> None:
    async with log_of(0) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0))
        for _ in range(3):
            log.publish(50)
            assert "s" in log.feed.lagging
            await read_slowly(outlet, 700, lambda: "s" in log.feed.live)
            outlet.read()
    assert outlet.got == run_of(1, 150)


async def test_what_the_log_has_but_was_not_dispatched_yet_is_not_sent_early() -> None:
    async with log_of(100) as log:
        outlet = FakeOutlet()
        log.feed.recent.clear()
        log.head = 130  # committed, but still on its way through the tail
        log.feed.admit(Member("s", outlet, log.read, 0))
        await until(lambda: "s" in log.feed.live)
        assert outlet.got == run_of(1, 100)
        log.feed.publish([frame(seq) for seq in range(101, 131)])
    assert outlet.got == run_of(1, 130)


async def test_a_member_dismissed_while_behind_ends_with_its_leave() -> None:
    async with log_of(200) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0))
        log.feed.dismiss("s", 205)
        log.publish(100)
        await read_slowly(outlet, 900, lambda: log.feed.is_empty)
        log.publish(1)
    assert outlet.got == run_of(1, 205)
    assert outlet.closed is None


async def test_a_reader_who_stands_still_is_let_go_with_where_to_resume() -> None:
    async with log_of(100, slow_seconds=0.02) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0))
    assert outlet.closed is not None
    code, reason = outlet.closed
    assert code == TOO_SLOW == 4408
    written = len(outlet.got) // 99
    assert json.loads(reason) == {"room": "general", "after": written}
    assert outlet.got == run_of(1, written)
    assert log.delivered.slow == 1
    assert log.feed.is_empty


async def test_a_reason_that_does_not_fit_is_left_out() -> None:
    async with log_of(100, slow_seconds=0.02) as log:
        log.feed.room = "大" * 64
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 95))
        log.publish(20)
    assert outlet.closed == (TOO_SLOW, b"")


async def test_a_reader_who_moves_is_not_let_go_however_slow() -> None:
    async with log_of(30, slow_seconds=0.05) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0))
        await read_slowly(outlet, 11, lambda: "s" in log.feed.live)
    assert outlet.got == run_of(1, 30)
    assert outlet.closed is None


async def test_a_closed_outlet_ends_its_catch_up() -> None:
    async with log_of(100) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0))
        await asyncio.sleep(0.005)
        outlet.is_open = False
    assert log.feed.is_empty


async def test_a_dropped_member_ends_its_catch_up() -> None:
    async with log_of(100) as log:
        outlet = FakeOutlet(keeps_up=False)
        log.feed.admit(Member("s", outlet, log.read, 0))
        await asyncio.sleep(0.005)
        log.feed.drop("s")
        outlet.read()
    assert len(outlet.got) <= 2 * MARK


async def test_a_log_that_cannot_be_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatlog.delivery.catch_up._RETRY_SECONDS", 0.01)
    async with log_of(100) as log:
        log.failures = 2
        outlet = FakeOutlet()
        log.feed.admit(Member("s", outlet, log.read, 0))
        await until(lambda: "s" in log.feed.live)
    assert outlet.got == run_of(1, 100)
    assert log.reads[:3] == [1, 1, 1]


async def test_draining_waits_for_the_mark_and_says_so() -> None:
    outlet = FakeOutlet(keeps_up=False)
    outlet.write(b"x" * 100)
    waiting = asyncio.create_task(drained(outlet, 50, 5))
    await asyncio.sleep(0.005)
    assert not waiting.done()
    outlet.read(50)
    assert await waiting


async def test_draining_ends_at_once_where_nothing_waits_or_the_socket_is_closed() -> None:
    assert await drained(FakeOutlet(), 0, 0)
    outlet = FakeOutlet(keeps_up=False)
    outlet.write(b"x" * 100)
    outlet.is_open = False
    assert await drained(outlet, 50, 5)


async def test_draining_gives_up_where_nothing_moves() -> None:
    outlet = FakeOutlet(keeps_up=False)
    outlet.write(b"x" * 100)
    assert not await drained(outlet, 50, 0.01)
