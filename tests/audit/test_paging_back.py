"""Where people have roles, these and the room's history decide who may have paged back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from chatlog.audit.locating import find_room
from chatlog.audit.paging_back import rights_since
from chatlog.audit.queries import queries, run_query
from chatlog.audit.witnesses import Cursor, witnesses_of
from chatlog.domain.identity import Identity
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command, Target
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.kinds.member import Appoint
from chatlog.kinds.room import Configure
from tests.support.logbook import Log, open_log
from tests.support.people import ADA, ADMIN, BOB, EVE

COULD_HAVE_SEEN = queries()["who-could-have-seen"]
ROOM = "~" + "a" * 22


def appoint(who: Identity, role: Any, **more: Any) -> Appoint:
    return Appoint(ROOM, ADA, Target(who.subject), role, **more)


def come(who: Identity, session: str) -> Join:
    return Join(ROOM, session, who.name or "", backlog=0, author=who)


def go(session: str) -> Leave:
    return Leave(ROOM, session, "left")


SAY = Post(ROOM, "a", "a secret")
BEGIN = (Create(ROOM, ADA, "private"), come(ADA, "a"))
SINCE = (Create(ROOM, ADA, "private", history="since_member"), come(ADA, "a"))
OPEN = (Create(ROOM, ADA, "open"), come(ADA, "a"))
SINCE_OPEN = (Create(ROOM, ADA, "open", history="since_member"), come(ADA, "a"))

Story = Sequence[Command]
STORIES: dict[str, tuple[Story, Story, list[str]]] = {
    "a member who never joined": ((*BEGIN, appoint(BOB, "reader")), (), ["bob"]),
    "a member who was removed before": (
        (*BEGIN, appoint(BOB, "member"), appoint(BOB, "none")),
        (),
        [],
    ),
    "a member who was removed after": (
        (*BEGIN, appoint(BOB, "member")),
        (appoint(BOB, "banned"),),
        ["bob"],
    ),
    "a later member": (BEGIN, (appoint(BOB, "member"), come(BOB, "b")), ["bob"]),
    "a later member, without a join": (BEGIN, (appoint(BOB, "member"),), ["bob"]),
    "a later member of a room that begins for each": (
        SINCE,
        (appoint(BOB, "member"), come(BOB, "b")),
        [],
    ),
    "an earlier member of a room that begins for each": (
        (*SINCE, appoint(BOB, "member")),
        (come(BOB, "b"),),
        ["bob"],
    ),
    "a member who was away meanwhile": (
        (*SINCE, appoint(BOB, "member")),
        (appoint(BOB, "none"), appoint(BOB, "member")),
        ["bob"],
    ),
    "a later moderator sees all": (SINCE, (appoint(BOB, "moderator"),), ["bob"]),
    "a room whose past is shown later": (
        SINCE,
        (appoint(BOB, "member"), Configure(ROOM, ADA, history="all")),
        ["bob"],
    ),
    "somebody who had left an open room": ((*OPEN, come(BOB, "b"), go("b")), (), ["bob"]),
    "somebody who was banned from it": (
        (*OPEN, come(BOB, "b"), appoint(BOB, "banned")),
        (),
        [],
    ),
    "somebody who had left a room that was closed": (
        (*OPEN, come(BOB, "b"), go("b"), Configure(ROOM, ADA, access="private")),
        (),
        [],
    ),
    "somebody who had left a room that is opened later": (
        (*OPEN, come(BOB, "b"), go("b"), Configure(ROOM, ADA, access="private")),
        (Configure(ROOM, ADA, access="open"),),
        ["bob"],
    ),
    "somebody who comes to an open room": (OPEN, (come(BOB, "b"),), ["bob"]),
    "somebody for whom an open room begins later": (SINCE_OPEN, (come(BOB, "b"),), []),
    "an admin who came without a role": (BEGIN, (come(ADMIN, "r"), go("r")), ["admin"]),
}


async def told(log: Log, before: Story, after: Story) -> int:
    """Record a story with a chat between its parts; return the seq of the chat."""
    for command in before:
        await log.append(command)
    [said] = await log.record(SAY)
    for command in after:
        await log.append(command)
    return said.seq


async def at_of(log: Log, seq: int) -> str:
    """Return the time of an event of the room."""
    [at] = [event.at for event in await log.events() if event.seq == seq]
    return at


def plain(name: str | None) -> str:
    """Return a name; a person without one is called by the subject."""
    return str(name).removeprefix("u-")


async def possible(log: Log, seq: int, limit: int) -> list[str]:
    """Return the possible witnesses, read in pages."""
    found: list[str] = []
    cursor: Cursor | None = None
    while True:
        async with log.database.read() as connection:
            room = await find_room(connection, ROOM)
            at = await at_of(log, seq)
            page, cursor = await witnesses_of(connection, room, seq, at, cursor=cursor, limit=limit)
        found += [plain(one.username) for one in page if one.certainty == "possible"]
        if cursor is None:
            return found


@pytest.mark.parametrize("story", STORIES)
async def test_roles_and_history_decide(database_url: str, story: str) -> None:
    before, after, expected = STORIES[story]
    async with open_log(database_url) as log:
        seq = await told(log, before, after)
        for limit in (1, 10):
            assert await possible(log, seq, limit) == expected


@pytest.mark.parametrize("story", STORIES)
async def test_the_ready_question_says_the_same(database_url: str, story: str) -> None:
    before, after, expected = STORIES[story]
    async with open_log(database_url) as log:
        seq = await told(log, before, after)
        async with log.database.read() as connection:
            asked = {"room": ROOM, "seq": seq}
            rows = await run_query(connection, COULD_HAVE_SEEN, asked)
        names = [plain(row["username"]) for row in rows if row["certainty"] == "possible"]
        assert names == expected


async def test_a_role_that_comes_back_when_another_runs_out_counts(database_url: str) -> None:
    ban = appoint(BOB, "banned", until="2999-01-01T00:00:00.000000Z")
    async with open_log(database_url) as log:
        seq = await told(log, [*BEGIN, appoint(BOB, "member"), ban], [])
        assert await possible(log, seq, 10) == []
        async with log.database.read() as connection:
            since = await rights_since(connection, 1, seq, await at_of(log, seq), "3000")
            bob = next(number for number, given in since.given.items() if len(given) == 2)
        assert since.may_have_paged(bob, None)


async def test_each_subject_is_listed_once_whatever_its_names(database_url: str) -> None:
    renamed = Identity(BOB.subject, "robert")
    async with open_log(database_url) as log:
        after = [come(BOB, "b"), go("b"), come(renamed, "c"), go("c"), come(EVE, "e")]
        seq = await told(log, OPEN, after)
        for limit in (1, 10):
            assert await possible(log, seq, limit) == ["bob", "eve"]
