"""Who looked at a room, page by page, by HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatlog.databases.schema import looks
from chatlog.kinds.chat import Post
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.runtime import Runtime
from chatlog.web.keys import RUNTIME
from tests.support.people import ADA, ADMIN, AUDITOR, Node, people_on

from .conftest import Server

PATH = "/api/rooms/general/looks"
VIEW = "SELECT at, subject, username, what, seq FROM audit_looks WHERE room = 'general' ORDER BY at"
LATER = "2999-01-01T00:00:00.000000Z"


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    """Two rooms of ada's; an auditor and an admin have looked at both."""
    async with people_on(database_url) as node:
        for room in ("general", "other"):
            await node.runtime.committer.append(Create(room, ADA, "listed"))
            await node.runtime.committer.append(Join(room, "s", "ada", backlog=0, author=ADA))
            await node.runtime.committer.append(Post(room, "s", "hello"))
            await node.get(AUDITOR, f"/api/rooms/{room}/events")
            await node.get(ADMIN, f"/api/rooms/{room}/events/3/witnesses")
        yield node


async def page(node: Node, **query: object) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    status, body = await node.get(AUDITOR, f"{PATH}?{asked}")
    assert status == 200, body
    return body


def rows(body: Any) -> list[tuple[Any, ...]]:
    return [tuple(look.values()) for look in body["looks"]]


async def crowd(runtime: Runtime, count: int) -> None:
    """Record more looks at the first room by the first user, all of the same time."""
    look = {"at": LATER, "what": "read", "room_id": 1, "user_id": 1}
    async with runtime.database.write() as connection, connection.begin():
        rows = [{**look, "id": 1_000 + number, "seq": number} for number in range(count)]
        await connection.execute(looks.insert(), rows)


async def test_it_shows_the_looks_at_the_room_and_the_one_at_itself(node: Node) -> None:
    body = await page(node)
    assert [row[1:] for row in rows(body)] == [
        ("u-audit", "auditor", "read", None),
        ("u-admin", "admin", "witnesses", 3),
        ("u-audit", "auditor", "read", None),
    ]
    assert rows(body) == await node.table(VIEW)
    assert (body["room"], body["more_before"], body["more_after"]) == ("general", False, False)


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
async def test_pages_in_both_directions_leave_nothing_out(node: Node, limit: int) -> None:
    recorded = await page(node)
    await crowd(node.runtime, 4)
    backward: list[Any] = []
    before, more, has_later = "3000-01-01", True, False
    while more:
        body = await page(node, before=before, limit=limit)
        assert body["more_after"] is has_later
        backward = body["looks"] + backward
        before, more, has_later = body["first"], body["more_before"], True
    assert [look["seq"] for look in backward if look["at"] == LATER] == [0, 1, 2, 3]
    # The looks at these pages are between the two.
    assert backward[: len(recorded["looks"])] == recorded["looks"]
    forward: list[Any] = []
    # From the beginning, pages of one look would never reach the looks that they make.
    after, more = "2998-12-31", True
    while more:
        body = await page(node, after=after, limit=limit)
        assert body["more_before"]
        forward += body["looks"]
        after, more = body["last"], body["more_after"]
    assert forward == backward[-4:]


async def test_the_newest_come_first_and_a_time_is_outside_both_of_its_sides(node: Node) -> None:
    await crowd(node.runtime, 3)
    newest = await page(node, limit=2)
    assert [look["seq"] for look in newest["looks"]] == [1, 2]
    assert (newest["more_before"], newest["more_after"]) == (True, False)
    time = newest["looks"][0]["at"]
    assert (await page(node, after=time))["looks"] == []
    assert (await page(node, after=time))["more_before"] is True
    assert not any(look["at"] == time for look in (await page(node, before=time))["looks"])
    empty = await page(node, before="2001-01-01")
    assert (empty["looks"], empty["first"], empty["last"]) == ([], None, None)
    assert (empty["more_before"], empty["more_after"]) == (False, True)


async def test_a_page_continues_where_its_last_look_was_erased(node: Node) -> None:
    newest = await page(node, limit=1)
    asked = {"username": None, "sub": AUDITOR.subject, "by": "root", "reason": "asked for"}
    await node.runtime.operations.handlers()["erase-user"](**asked)
    status, body = await node.get(ADMIN, f"{PATH}?before={newest['first']}")
    assert status == 200
    assert [look["subject"] for look in body["looks"]] == ["u-admin"]


async def test_in_open_mode_there_are_none(server: Server) -> None:
    ada = await server.person("ada")
    await ada.join("general")
    none: dict[str, Any] = {
        "looks": [],
        "first": None,
        "last": None,
        "more_before": False,
        "more_after": False,
    }
    await crowd(server.client.app[RUNTIME], 1)  # from when the log was in token mode
    assert await server.ok("rooms/general/looks") == {"room": "general", **none}
    assert (await server.get("rooms/nowhere/looks"))[0] == 404
