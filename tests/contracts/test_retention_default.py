"""Rooms without a rule of their own keep their texts as long as the default says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatlog.domain.errors import Refused
from chatlog.eventlog.steps.retention_default import default, default_changes
from chatlog.kinds.chat import Post
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.operations.retention import due, wanted
from chatlog.runtime import Runtime
from tests.support.logbook import Log
from tests.support.nodes import node_on

OLD = "2004-12-25T09:{:02}:00.000000Z"
ROOMS = ("archive", "general", "kept")
NOTHING = {"texts": 0, "people": 0, "remains": ""}


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Runtime]:
    """Three rooms; in each, ada said something in 2004 and again today."""
    async with node_on(database_url) as running:
        for minute, room in enumerate(ROOMS):
            session = f"{minute:032x}"
            old = OLD.format(minute)
            await running.committer.append(Join(room, session, "ada", backlog=0, at=old))
            await running.committer.append(Post(room, session, f"{room} then", at=old))
            await running.committer.append(Leave(room, session, "left", at=old))
        session = "f" * 32
        await running.committer.append(Join("general", session, "bob", backlog=0))
        await running.committer.append(Post("general", session, "general now"))
        yield running


async def do(node: Runtime, room: str | None, days: int | None, **more: Any) -> dict[str, Any]:
    asked = {"room": room, "days": days, "names": False, "by": "root"} | more
    return await node.operations.handlers()["retention"](**asked)


async def texts(node: Runtime) -> list[str]:
    found = await Log(node.database, node.writer).table(
        "SELECT message FROM audit_messages WHERE NOT erased ORDER BY 1"
    )
    return [row["message"] for row in found]


async def test_the_default_is_of_rooms_without_a_rule_and_counted_beforehand(
    node: Runtime,
) -> None:
    assert await do(node, "kept", 36_500) == NOTHING
    found = await due(node.database, await wanted(node.database, None, 30, True))
    assert (found.texts, found.people) == (2, 1), "ada is one person, in two rooms"
    assert (await do(node, None, 30, names=True))["people"] == 1
    assert await texts(node) == ["general now"], "ada was erased, also in the room that is kept"


async def test_a_rule_of_its_own_stands_before_the_default(node: Runtime) -> None:
    await do(node, "kept", 36_500)
    assert (await do(node, None, 30))["texts"] == 2
    assert await texts(node) == ["general now", "kept then"]
    # Without it the room is under the default, from the server's next look on.
    assert await do(node, "kept", None) == NOTHING
    assert await texts(node) == ["general now", "kept then"]
    running = node.operations.retention
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await running.run(3600)
    assert await texts(node) == ["general now"]


async def test_an_ended_default_erases_nothing_and_is_on_record(node: Runtime) -> None:
    await do(node, None, 36_500)
    await do(node, None, None)
    await do(node, None, None)
    async with node.database.read() as connection:
        assert await default(connection) is None
        found = await default_changes(connection)
    assert [(change.days, change.by) for change in found] == [(36_500, "root"), (None, "root")]
    table = Log(node.database, node.writer).table
    rows = await table('SELECT room, days, "by" FROM audit_retention ORDER BY at')
    assert [tuple(row.values()) for row in rows] == [
        (None, 36_500, "root"),
        (None, None, "root"),
    ]


@pytest.mark.parametrize("days", [0, -1, 36_501, True, "7"])
async def test_a_default_out_of_range_is_refused(node: Runtime, days: Any) -> None:
    with pytest.raises(Refused, match="1 to 36,500 days"):
        await do(node, None, days)


async def test_erasures_are_followed_by_their_position(node: Runtime) -> None:
    table = Log(node.database, node.writer).table
    await node.operations.handlers()["redact"](room="archive", seqs=[2], by="root", reason="one")
    [first] = await table("SELECT * FROM audit_erasures")
    await node.operations.handlers()["redact"](room="general", seqs=[2], by="root", reason="two")
    after = f"SELECT * FROM audit_erasures WHERE position > {first['position']} ORDER BY position"
    [second] = await table(after)
    assert (second["room"], second["reason"]) == ("general", "two")
    [event] = await table(f"SELECT * FROM audit_events WHERE position = {second['position']}")
    assert (event["type"], event["room"]) == ("erasure", "general")
