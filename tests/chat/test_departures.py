"""Leaves that nobody waits for reach the log whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chatlog.chat import departures as module
from chatlog.chat.departures import Departures
from chatlog.domain.errors import OutcomeUnknown, Overloaded, Refused, StorageFull, Unavailable
from chatlog.eventlog.committing.committer import Done, Told
from chatlog.kinds.command import Command
from chatlog.kinds.leave import Leave
from tests.support.events import ADA, left, recorded
from tests.support.nodes import LocalClient, node_on

LEAVE = Leave("general", "s1", "disconnected")
DONE = recorded(1, left(ADA, "s1"))


class Line:
    """A committer's line that answers as it is told to."""

    def __init__(self, *answers: Told) -> None:
        self.answers = list(answers)
        self.submitted: list[Command] = []

    def submit(self, command: Command, done: Done) -> None:
        self.submitted.append(command)
        answer = self.answers.pop(0)
        if isinstance(answer, Overloaded):
            raise answer
        asyncio.get_running_loop().call_soon(done, answer)


@asynccontextmanager
async def departing(line: Line) -> AsyncIterator[Departures]:
    departures = Departures(line, Counter())  # type: ignore[arg-type]
    running = asyncio.create_task(departures.run())
    async with asyncio.timeout(10):
        yield departures
    running.cancel()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.005)


async def test_nothing_to_wait_for_where_nobody_left() -> None:
    async with departing(Line()) as departures:
        departures.add([])
        await departures.wait()


@pytest.mark.parametrize(
    "failure", [Unavailable(), StorageFull(), OutcomeUnknown(), Overloaded(), Refused("x", "y.")]
)
async def test_a_leave_that_failed_is_tried_again_until_it_is_written(failure: Told) -> None:
    line = Line(failure, failure, failure, DONE)
    async with departing(line) as departures:
        departures.add([LEAVE])
        await asyncio.sleep(0)
        assert len(departures) == 1
        await departures.wait()
    assert line.submitted == [LEAVE] * 4
    assert len(departures) == 0


async def test_a_session_that_is_over_already_is_done() -> None:
    line = Line(OutcomeUnknown(), Refused("not_joined", "You are not in this room."))
    async with departing(line) as departures:
        departures.add([LEAVE])
        await departures.wait()
    assert len(line.submitted) == 2


async def test_all_are_waited_for() -> None:
    line = Line(DONE, Unavailable(), DONE, DONE)
    others = [Leave("general", f"s{n}", "lapsed") for n in (2, 3)]
    async with departing(line) as departures:
        departures.add([LEAVE, *others])
        await departures.wait()
    assert sorted(leave.session for leave in line.submitted if isinstance(leave, Leave)) == [
        "s1", "s2", "s2", "s3"
    ]  # fmt: skip


async def test_a_leave_that_is_added_twice_is_one_event(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada, bob = LocalClient(node), LocalClient(node)
        session = (await ada.join("general"))["session"]
        await bob.join("general", "bob")
        node.departures.add([Leave("general", session, "kicked")] * 2)
        await node.departures.wait()
        await bob.send("chat", message="after")
        await bob.until("chat")
        leaves = [frame for frame in bob.new() if frame.get("event") == "leave"]
    assert [leave["cause"] for leave in leaves] == ["kicked"]


async def test_what_is_refused_is_counted_by_its_code() -> None:
    refusals: Counter[str] = Counter()
    line = Line(StorageFull(), Overloaded(), OutcomeUnknown(), DONE)
    departures = Departures(line, refusals)  # type: ignore[arg-type]
    running = asyncio.create_task(departures.run())
    departures.add([LEAVE])
    async with asyncio.timeout(10):
        await departures.wait()
    running.cancel()
    assert refusals == {"storage_full": 1, "overloaded": 1, "outcome_unknown": 1}
