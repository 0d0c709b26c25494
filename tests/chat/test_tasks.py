"""Background tasks: whatever one raises, it is logged, counted, and the task begins anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chatlog.domain.errors import Unavailable
from chatlog.runtime import tasks as module
from chatlog.runtime.tasks import Tasks
from tests.support.nodes import until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.001)


@asynccontextmanager
async def group() -> AsyncIterator[asyncio.TaskGroup]:
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
            raise KeyError
    except* KeyError:
        pass


class Run:
    """A task that fails as it is told to, and then runs on."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.is_running = False

    async def __call__(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.is_running = True
        await asyncio.get_running_loop().create_future()


async def test_a_task_that_fails_begins_anew_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing, other = Run(Unavailable(), RuntimeError("a bug"), OSError("no space")), Run()
    async with group() as owner:
        tasks = Tasks(owner)
        tasks.keep("failing", failing)
        tasks.keep("other", other)
        await until(lambda: failing.is_running)
        assert other.is_running
    assert tasks.failures == {"failing": 3, "other": 0}
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert all("The task failing failed" in line for line in said)
    assert [record.exc_info is not None for record in caplog.records] == [False, True, False]


async def test_a_wait_that_was_cancelled_by_another_does_not_end_the_task() -> None:
    run = Run(asyncio.CancelledError())
    async with group() as owner:
        tasks = Tasks(owner)
        tasks.keep("waiting", run)
        await until(lambda: run.is_running)
    assert tasks.failures["waiting"] == 1


async def test_the_same_failure_again_and_again_is_counted_but_logged_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with group() as owner:
        tasks = Tasks(owner)
        for _ in range(100):
            tasks.failed("tail", Unavailable())
        tasks.failed("tail", OSError("another"))
    assert tasks.failures["tail"] == 101
    assert len(caplog.records) == 2
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


async def test_a_task_ends_with_its_group_although_a_driver_makes_a_failure_of_the_cancelling() -> (
    None
):
    async def run() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise OSError("the connection was lost") from None

    async with asyncio.timeout(10):
        async with group() as owner:
            tasks = Tasks(owner)
            tasks.keep("reading", run)
            await asyncio.sleep(0)
    assert tasks.failures["reading"] == 0
