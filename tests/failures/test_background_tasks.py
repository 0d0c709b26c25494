"""No background task ends the node, whatever it raises: it begins anew and does its work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from chatlog.chat import node_lease as membership
from chatlog.chat.departures import Departures
from chatlog.chat.live import LiveRoom
from chatlog.chat.node_lease import Membership
from chatlog.databases.database import Database
from chatlog.delivery.feed import Feed
from chatlog.eventlog.committing.committer import Committer
from chatlog.eventlog.steps import retention
from chatlog.eventlog.tail import Tail
from chatlog.operations.retention import Retention
from chatlog.runtime import Runtime, tasks
from tests.support.inside import InsideClient
from tests.support.nodes import until
from tests.support.record import Record

from .conftest import NodeOf

SETTINGS = {"poll_seconds": 0.05, "idle_room_seconds": 0.05, "lease_seconds": 0.3}
SETTINGS |= {"retention_seconds": 0.05}


class Planted:
    """A function that raises while ``is_broken``, and counts the calls that went through."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.is_broken = False
        self.raised = self.passed = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.is_broken:
            self.raised += 1
            raise RuntimeError("something that nobody thought of")
        self.passed += 1
        return self._function(*args, **kwargs)


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], Planted]:
    def planted(owner: Any, name: str) -> Planted:
        found = Planted(getattr(owner, name))

        def bound(*args: Any, **kwargs: Any) -> Any:  # as the method that it stands for
            return found(*args, **kwargs)

        monkeypatch.setattr(owner, name, bound)
        return found

    monkeypatch.setattr(tasks, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(tasks, "_LONGEST_PAUSE_SECONDS", 0.05)
    return planted


async def open_a_room_and_leave_it(node: Runtime) -> None:
    client = InsideClient(node, Record(), "guest")
    await client.join("other")
    client.gone()


@pytest.mark.parametrize(
    ("task", "owner", "name"),
    [
        ("tail", Tail, "_catch_up"),
        ("eraser", Database, "scrub"),
        ("retention", retention, "rules"),
        ("lease", Membership, "_renew"),
        ("reaper", membership, "leaves_due"),
        ("committer", Committer, "_take"),
    ],
)
async def test_a_task_that_raised_does_its_work_again(
    node_of: NodeOf,
    sqlite_url: str,
    plant: Callable[..., Planted],
    task: str,
    owner: Any,
    name: str,
) -> None:
    planted = plant(owner, name)
    node = await node_of(sqlite_url, **SETTINGS)
    planted.is_broken = True
    if task == "eraser":
        node.operations.eraser._due.set()
    node.committer._bell.set()
    await until(lambda: node.tasks.failures[task] >= 2)
    planted.is_broken = False
    before = planted.passed
    ada = InsideClient(node, Record(), "ada")
    await ada.join("general")
    assert (await ada.chat("general", "and on", id="c-1")).type == "ack"
    await until(lambda: planted.passed > before)


async def test_leaves_that_could_not_be_submitted_are_written_later(
    node_of: NodeOf, sqlite_url: str, plant: Callable[..., Planted]
) -> None:
    node = await node_of(sqlite_url, **SETTINGS)
    ada, bob = (InsideClient(node, Record(), name) for name in ("ada", "bob"))
    await ada.join("general")
    session = (await bob.join("general")).data["session"]
    planted = plant(Departures, "_submit")
    planted.is_broken = True
    with pytest.raises(RuntimeError):
        bob.gone()
    node.departures._retry(node.departures._pending[session])
    await until(lambda: node.tasks.failures["departures"] >= 2)
    planted.is_broken = False
    left = await ada.wait(lambda frame: frame.is_leave)
    assert left.data["username"] == "bob"


async def test_the_sweep_of_idle_rooms_goes_on(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_FIRST_PAUSE_SECONDS", 0.01)
    node = await node_of(sqlite_url, **SETTINGS)
    await open_a_room_and_leave_it(node)

    def broken(_room: LiveRoom) -> bool:
        raise RuntimeError("something that nobody thought of")

    with monkeypatch.context() as planted:
        planted.setattr(LiveRoom, "is_idle", property(broken))
        await until(lambda: node.tasks.failures["sweep"] >= 2)
    await until(lambda: len(node.rooms) == 0)


async def test_a_room_that_cannot_be_dispatched_has_its_members_come_back(
    node_of: NodeOf, sqlite_url: str, plant: Callable[..., Planted]
) -> None:
    node = await node_of(sqlite_url)
    ada, bob = (InsideClient(node, Record(), name) for name in ("ada", "bob"))
    await ada.join("general")
    await bob.join("other")
    planted = plant(Feed, "publish")
    planted.is_broken = True
    await ada.send("chat", room="general", message="lost on the way", id="c-1")
    await until(lambda: ada.outlet.let_go_with is not None)
    planted.is_broken = False
    assert ada.outlet.let_go_with == 1001
    assert node.tasks.failures["dispatch"] == 1
    assert (await bob.chat("other", "and on", id="c-2")).type == "ack"
    again = InsideClient(node, Record(), "ada")
    await again.join("general", after=1)
    chat = await again.wait(lambda frame: frame.type == "chat")
    assert chat.data["message"] == "lost on the way"


async def test_a_catch_up_that_raises_lets_go_of_its_member_only(
    node_of: NodeOf, sqlite_url: str, plant: Callable[..., Planted]
) -> None:
    node = await node_of(sqlite_url, max_buffer_bytes=2_000)
    ada, slow = (InsideClient(node, Record(), name) for name in ("ada", "slow"))
    await ada.join("general")
    await slow.join("general")
    slow.outlet.stuck = True
    for number in range(10):
        await ada.chat("general", "x" * 1_000, id=f"c-{number}")
    await until(lambda: node.rooms.lagging() == 1)
    planted = plant(Feed, "advance")
    planted.is_broken = True
    slow.outlet.read()
    await until(lambda: slow.outlet.let_go_with is not None)
    planted.is_broken = False
    assert slow.outlet.let_go_with == 1001
    assert node.tasks.failures["catch-up"] == 1
    assert (await ada.chat("general", "and on", id="last")).type == "ack"


async def test_a_rule_of_retention_that_fails_keeps_no_other_from_being_carried_out(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out = []

    async def rules(_connection: object) -> list[str]:
        return ["bad", "good"]

    async def apply(_self: Retention, rule: str) -> None:
        if rule == "bad":
            raise RuntimeError("something that nobody thought of")
        carried_out.append(rule)

    monkeypatch.setattr(retention, "rules", rules)
    monkeypatch.setattr(Retention, "apply", apply)
    node = await node_of(sqlite_url, **SETTINGS)
    await until(lambda: carried_out)
    await until(lambda: node.tasks.failures["retention"] >= 1)


async def test_a_batch_that_fails_in_an_unknown_way_is_told_so(
    node_of: NodeOf, sqlite_url: str, plant: Callable[..., Planted]
) -> None:
    node = await node_of(sqlite_url)
    ada = InsideClient(node, Record(), "ada")
    await ada.join("general")
    plants = [plant(type(node.writer), name) for name in ("write", "transact")]
    for planted in plants:
        planted.is_broken = True
    answer = await ada.chat("general", "lost", id="c-1")
    assert answer.data["code"] == "outcome_unknown"
    erasing = asyncio.create_task(node.operations.eraser.redact("general", [1], by="e", reason="r"))
    with pytest.raises(Exception, match=r"^$"):
        await erasing
    for planted in plants:
        planted.is_broken = False
    assert "repeated" not in (await ada.chat("general", "lost", id="c-1")).data
