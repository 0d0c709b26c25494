"""Looks: what a scope alone shows is on record before it is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatlog.domain.errors import OutcomeUnknown, StorageFull
from chatlog.kinds.chat import Post
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from tests.support.nodes import LocalClient
from tests.support.people import ADA, ADMIN, AUDITOR, BOB, Node, people_on

SECRET = "~" + "a" * 22
LOOKS = "SELECT subject, username, what, room, seq FROM audit_looks ORDER BY at, what"
ROOM = f"/api/rooms/{SECRET}"
PATHS: dict[str, tuple[str, str | None, int | None]] = {
    "/api/rooms": ("read", None, None),
    f"{ROOM}/events": ("read", SECRET, None),
    f"{ROOM}/events?proof=true": ("proof", SECRET, None),
    f"{ROOM}/members": ("read", SECRET, None),
    f"{ROOM}/users": ("read", SECRET, None),
    f"{ROOM}/users?at=2": ("users_at", SECRET, 2),
    f"{ROOM}/users?at=2126-01-01": ("users_at", SECRET, None),
    f"{ROOM}/sessions": ("sessions", SECRET, None),
    f"{ROOM}/events/3/witnesses": ("witnesses", SECRET, 3),
    f"{ROOM}/looks": ("read", SECRET, None),
    f"{ROOM}/verify": ("verify", SECRET, None),
}


async def fill(node: Node) -> None:
    """Make a private room of ada's, with a chat in it."""
    append = node.runtime.committer.append
    await append(Create(SECRET, ADA, "private"))
    await append(Join(SECRET, "s", "ada", backlog=0, author=ADA))
    await append(Post(SECRET, "s", "a secret"))


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Node]:
    async with people_on(database_url) as node:
        await fill(node)
        yield node


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", [AUDITOR, ADMIN], ids=["audit", "admin"])
async def test_what_a_scope_alone_shows_is_on_record_once(node: Node, path: str, who: Any) -> None:
    status, _ = await node.get(who, path)
    assert status == 200
    assert await node.table(LOOKS) == [(who.subject, who.name, *PATHS[path])]


async def test_an_answer_that_the_client_has_already_is_a_look_as_well(node: Node) -> None:
    tag = await node.tag(AUDITOR, f"{ROOM}/events")
    status, _ = await node.get(AUDITOR, f"{ROOM}/events", **{"If-None-Match": tag})
    assert status == 304
    assert len(await node.table(LOOKS)) == 2


async def test_who_reads_by_a_role_is_not_on_record_unless_they_audit(node: Node) -> None:
    both = ADA.__class__("u-ada", "ada", frozenset({"audit"}))
    for path in PATHS:
        await node.get(both, path)
    looked = {row[2] for row in await node.table(LOOKS)}
    assert looked == {"users_at", "sessions", "witnesses", "verify", "proof", "read"}


async def test_nothing_that_was_refused_or_is_not_there_is_on_record(node: Node) -> None:
    nowhere = "~" + "b" * 22
    for path in PATHS:
        assert (await node.get(BOB, path))[0] in ({200} if path == "/api/rooms" else {403, 404})
        if path != "/api/rooms":
            assert (await node.get(AUDITOR, path.replace(SECRET, nowhere)))[0] == 404
    assert await node.table(LOOKS) == []


@pytest.mark.parametrize("error", [StorageFull(), OutcomeUnknown()], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("path", PATHS)
async def test_what_cannot_be_put_on_record_is_not_shown(
    node: Node, path: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(node.runtime.committer, "alone", fail)
    status, body = await node.get(AUDITOR, path)
    assert (status, set(body)) == (503, {"error"}), body


async def test_what_the_database_refuses_to_record_is_not_shown(sqlite_url: str) -> None:
    async with people_on(sqlite_url) as node:
        await fill(node)
        async with node.runtime.database.write() as connection, connection.begin():
            await connection.exec_driver_sql(
                "CREATE TRIGGER no_looks BEFORE INSERT ON looks "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        for path in PATHS:
            assert (await node.get(AUDITOR, path))[0] == 503, path
        assert (await node.get(ADA, f"{ROOM}/events"))[0] == 200


async def test_what_an_auditor_reads_over_a_socket_is_on_record(node: Node) -> None:
    client = LocalClient(node.runtime)
    await client.connection.begin(AUDITOR)
    for command in ("history", "members", "users"):
        await client.send(command, room=SECRET, id=command)
        await client.until(command)
    for command in ("history", "members", "users"):
        assert await client.refusal(command, room="nowhere") == "room_unknown"
    looks = await node.table(LOOKS)
    assert [row[2:] for row in looks] == [("read", SECRET, None)] * 3
