"""Pages of the log that members who are behind share: read once, bounded, and never outdated."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlog.delivery.pages import PAGE_EVENTS, Page, PageBudget, Pages
from chatlog.delivery.recent import join_frames

READERS = 20


class Log:
    """A room's log; each reading waits until it is allowed to go on."""

    def __init__(self, head: int, budget: int = 1_000_000) -> None:
        self.head = head
        self.text = b"said"
        self.reads: list[int] = []
        self.failures: list[Exception] = []
        self.may_read = asyncio.Event()
        self.budget = PageBudget(budget)
        self.pages = Pages(self.budget)

    def frame(self, seq: int) -> bytes:
        return b"<%s %04d>" % (self.text, seq)

    async def read(self, first: int, last: int) -> list[bytes]:
        self.reads.append(first)
        found = [self.frame(seq) for seq in range(first, min(last, self.head) + 1)]
        await self.may_read.wait()
        if self.failures:
            raise self.failures.pop()
        return found

    async def page(self, seq: int) -> Page:
        return await self.pages.page(seq, self.read)

    def several(self, seq: int) -> list[asyncio.Task[Page]]:
        return [asyncio.create_task(self.page(seq)) for _ in range(READERS)]

    def is_page(self, page: Page, first: int, last: int) -> bool:
        whole = b"".join(map(self.frame, range(first, last + 1)))
        return (page.first, page.last, page.buffer) == (first, last, whole)


async def begun() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_page_is_read_once_for_all_who_need_it_at_once_or_later() -> None:
    log = Log(250)
    waiting = [*log.several(1), *log.several(57), *log.several(100)]
    await begun()
    assert log.reads == [1]
    log.may_read.set()
    pages = await asyncio.gather(*waiting, log.page(42))
    assert all(page is pages[0] for page in pages)
    assert log.is_page(pages[0], 1, PAGE_EVENTS)
    assert log.is_page(await log.page(101), 101, 200)
    assert log.is_page(await log.page(201), 201, 250)
    assert log.is_page(await log.page(200), 101, 200)
    assert log.reads == [1, 101, 201]


async def test_the_last_page_is_read_again_once_the_room_has_grown() -> None:
    log = Log(150)
    log.may_read.set()
    assert log.is_page(await log.page(101), 101, 150)
    log.head = 170
    assert log.is_page(await log.page(150), 101, 150)
    assert log.is_page(await log.page(151), 101, 170)
    assert log.reads == [101, 101]
    assert log.budget.used == len((await log.page(151)).buffer)
    assert (await log.page(171)).last == 170


async def test_who_needs_more_than_is_being_read_does_not_wait_for_it_alone() -> None:
    log = Log(150)
    first = asyncio.create_task(log.page(150))
    await begun()
    log.head = 160
    second = asyncio.create_task(log.page(160))
    await begun()
    log.may_read.set()
    assert log.is_page(await first, 101, 150)
    assert log.is_page(await second, 101, 160)


async def test_what_was_read_before_an_erasure_is_shown_to_nobody_after_it() -> None:
    log = Log(100)
    waiting = log.several(1)
    await begun()
    log.text = b"gone"
    log.pages.clear()
    later = asyncio.create_task(log.page(1))
    await begun()
    log.may_read.set()
    for page in await asyncio.gather(*waiting, later):
        assert log.is_page(page, 1, 100)
    assert log.reads == [1, 1]


async def test_what_was_kept_before_an_erasure_is_read_again() -> None:
    log = Log(200)
    log.may_read.set()
    await log.page(1)
    await log.page(101)
    log.text = b"gone"
    log.pages.clear()
    assert log.budget.used == 0
    assert log.is_page(await log.page(1), 1, 100)
    assert log.reads == [1, 101, 1]


async def test_an_erasure_between_a_reading_and_those_who_waited_for_it_counts() -> None:
    log = Log(100)
    waiting = log.several(1)
    await begun()
    log.may_read.set()
    while not log.budget.used:
        await asyncio.sleep(0)
    log.text = b"gone"
    log.pages.clear()
    pages = await asyncio.gather(*waiting)
    assert all(log.is_page(page, 1, 100) for page in pages[1:])
    assert log.reads == [1, 1]


async def test_a_reading_that_fails_fails_for_all_and_the_next_one_is_another() -> None:
    log = Log(100)
    log.failures.append(OSError("the database is away"))
    waiting = log.several(1)
    await begun()
    log.may_read.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, OSError) for result in results)
    assert log.is_page(await log.page(1), 1, 100)
    assert log.reads == [1, 1]


async def test_a_reader_who_is_cancelled_leaves_the_page_to_another() -> None:
    log = Log(100)
    waiting = log.several(1)
    await begun()
    for task in (waiting[0], waiting[3]):
        task.cancel()
    await begun()
    log.may_read.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    cut = [isinstance(result, asyncio.CancelledError) for result in results]
    assert [number for number, is_cut in enumerate(cut) if is_cut] == [0, 3]
    assert log.reads == [1, 1]


async def test_the_pages_of_all_rooms_share_one_budget_and_the_least_recently_used_go() -> None:
    log = Log(1_000, budget=3_500)
    other = Pages(log.budget)
    log.may_read.set()
    for seq in (1, 101, 201):
        await log.page(seq)
    await log.page(1)
    await other.page(1, log.read)
    assert log.budget.used == 3_300
    assert log.reads == [1, 101, 201, 1]
    await log.page(1)
    await log.page(201)
    assert log.reads == [1, 101, 201, 1]
    await log.page(101)
    assert log.reads == [1, 101, 201, 1, 101]
    log.pages.clear()
    assert log.budget.used == 0
    other.close()


async def test_a_page_larger_than_the_budget_is_shared_by_those_who_wait_and_not_kept() -> None:
    log = Log(100, budget=500)
    waiting = log.several(1)
    await begun()
    log.may_read.set()
    for page in await asyncio.gather(*waiting):
        assert log.is_page(page, 1, 100)
    assert log.reads == [1]
    assert log.budget.used == 0


async def test_a_room_that_is_closed_keeps_no_page_even_if_one_is_being_read() -> None:
    log = Log(100)
    log.may_read.set()
    await log.page(1)
    log.may_read.clear()
    late = asyncio.create_task(log.page(101))
    await begun()
    log.pages.close()
    log.may_read.set()
    await late
    assert log.budget.used == 0


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    max_bytes=st.integers(1, 60),
    data=st.data(),
)
def test_what_is_taken_from_a_page_is_what_its_frames_joined_would_be(
    sizes: list[int], max_bytes: int, data: st.DataObject
) -> None:
    frames = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    page = Page(101, frames)
    assert page.last == 100 + len(frames)
    seq = data.draw(st.integers(101, page.last))
    last = data.draw(st.integers(seq, page.last))
    wanted = join_frames(frames[seq - 101 : last - 100], seq, max_bytes)
    assert page.since(seq, last, max_bytes) == wanted


@pytest.mark.parametrize("seq", [1, 99, 100, 101])
async def test_a_room_without_the_seq_gives_a_page_that_ends_before_it(seq: int) -> None:
    log = Log(0)
    log.may_read.set()
    page = await log.page(seq)
    assert (page.last, page.buffer) == (page.first - 1, b"")
