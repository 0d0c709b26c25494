"""The list of rooms: each person sees theirs, and nothing tells of the others."""

from __future__ import annotations

from typing import Any

import pytest

from chatlog.domain.identity import Identity
from chatlog.domain.rights import Access
from chatlog.kinds.command import Target
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.kinds.member import Appoint
from chatlog.kinds.room import Configure
from tests.support.people import ADA, ADMIN, AUDITOR, BOB, EVE, Node, people_on, queries_counted

ROOMS: dict[str, Access] = {"aim": "open", "bay": "listed", "cue": "open", "élan": "open"}


def secret(number: int) -> str:
    return f"~{number:022}"


async def make(node: Node, *, secrets: int = 5) -> None:
    """Make rooms of ada's: bob has a role in the second secret one; the last one is open now."""
    append = node.runtime.committer.append
    for room, access in ROOMS.items():
        await append(Create(room, ADA, access, topic=f"about {room}"))
    await append(Configure("cue", ADA, access="private"))
    for number in range(secrets):
        await append(Create(secret(number), ADA, "private"))
    await append(Appoint(secret(1), ADA, Target(BOB.subject), "reader"))
    await append(Appoint("aim", ADA, Target(BOB.subject), "banned"))
    await append(Configure(secret(secrets - 1), ADA, access="listed", topic="out"))


async def listed(node: Node, who: Identity, limit: int = 500) -> list[dict[str, Any]]:
    """Return all pages of the list."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["room"] if found else ""
        _, body = await node.get(who, f"/api/rooms?limit={limit}&after={after}")
        found += body["rooms"]
        if not body["more"]:
            return found
        assert len(body["rooms"]) == limit


def reads(sent: list[tuple[str, Any]]) -> list[str]:
    """Return the statements that are no transaction's begin and not the tail's."""
    return [sql for sql, _ in sent if sql.startswith("SELECT") and "AS next" not in sql]


@pytest.mark.parametrize("limit", [1, 2, 500])
async def test_everybody_sees_the_rooms_that_are_rooms_to_them(
    database_url: str, limit: int
) -> None:
    async with people_on(database_url) as node:
        await make(node)
        names = {
            who.subject: [room["room"] for room in await listed(node, who, limit)]
            for who in (ADA, BOB, EVE, AUDITOR, ADMIN)
        }
    everything = ["aim", "bay", "cue", *map(secret, range(5)), "élan"]
    assert names == {
        ADA.subject: everything,
        BOB.subject: ["bay", secret(1), secret(4), "élan"],
        EVE.subject: ["aim", "bay", secret(4), "élan"],
        AUDITOR.subject: everything,
        ADMIN.subject: everything,
    }


async def test_a_room_has_its_state_and_the_asker_s_role(database_url: str) -> None:
    async with people_on(database_url) as node:
        await make(node)
        rooms = {room["room"]: room for room in await listed(node, BOB)}
    assert rooms["bay"] == {
        "room": "bay",
        "head": None,
        "users": None,
        "chats": None,
        "created_at": None,
        "last_at": None,
        "access": "listed",
        "topic": "about bay",
        "role": "none",
    }
    assert (rooms["élan"]["chats"], rooms[secret(4)]["chats"]) == (0, None)
    known = {room: (one["head"], one["topic"], one["role"]) for room, one in rooms.items()}
    assert known[secret(1)] == (3, "", "reader")
    assert known[secret(4)] == (None, "out", "none")
    assert known["élan"] == (2, "about élan", "member")


async def test_a_page_takes_a_few_queries_however_many_rooms_are_secret(sqlite_url: str) -> None:
    async with people_on(sqlite_url) as node:
        await make(node)
        sent = []
        for _ in range(2):
            counts = []
            for _ in range(3):  # a reading of the node's own may come between
                with queries_counted(node.runtime.database) as one:
                    await listed(node, BOB)
                counts.append(len(reads(one)))
            sent.append(min(counts))
            for number in range(100, 300):
                await node.runtime.committer.append(Create(secret(number), ADA, "private"))
        assert sent[0] == sent[1] <= 9
        counts = []
        for _ in range(3):
            with queries_counted(node.runtime.database) as one:
                assert len(await listed(node, ADA)) > 200
            counts.append(len(reads(one)))
        assert min(counts) <= 9


async def test_what_is_secret_is_not_even_read(sqlite_url: str) -> None:
    async with people_on(sqlite_url) as node:
        await make(node, secrets=60)
        await node.runtime.committer.append(Join("aim", "s", "eve", backlog=0, author=EVE))
        with queries_counted(node.runtime.database) as sent:
            await listed(node, EVE)
        async with node.runtime.database.read() as connection:
            plans = [
                str(row)
                for sql, values in sent
                if "UNION" in sql
                for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            ]
    assert plans
    assert "events_public" in "".join(plans)
    assert not [step for step in plans if "SEARCH rooms USING" in step and "room>" in step], plans
    assert "events_members_of" in "".join(plans)
