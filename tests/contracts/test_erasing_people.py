"""Erasing a subject: all of its names, words, roles and looks go, and its next token is somebody
new."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.eventlog.steps.erasing import StillPresent, erase_user
from chatlog.eventlog.steps.looks import look
from chatlog.kinds.command import Target
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.kinds.member import Appoint
from chatlog.runtime import Runtime
from chatlog.wire.events import encode
from tests.support.command import chatlog
from tests.support.logbook import Log, open_log
from tests.support.nodes import node_on
from tests.support.people_log import ADA, BOB, KIM, ROB, SECRETS, desk, enter, general

ERASED = "(erased)"


class Erasing:
    """A log of people through a running node."""

    def __init__(self, node: Runtime) -> None:
        self.node = node
        self.log = Log(node.database, node.writer)

    async def erase(self, **who: str) -> dict[str, Any]:
        arguments = {"username": None, "sub": None, "by": "root", "reason": "asked for"} | who
        return await self.node.operations.handlers()["erase-user"](**arguments)

    async def frames(self) -> list[dict[str, Any]]:
        return [json.loads(encode(recorded)) for recorded in await self.log.events()]

    async def verifies(self) -> None:
        for room in ("general", "desk"):
            ended = await chatlog("verify", room, database=self.node.settings.database)
            assert ended.status == 0, ended


@pytest.fixture
async def people(database_url: str) -> AsyncIterator[Erasing]:
    async with node_on(database_url, has_people=True) as node:
        erasing = Erasing(node)
        await general(erasing.log)
        await desk(erasing.log)
        yield erasing


@pytest.mark.parametrize("who", [{"sub": "u-2"}, {"username": "bob"}, {"username": "rob"}])
async def test_a_subject_goes_with_all_its_names_words_and_reasons(
    who: dict[str, str], people: Erasing
) -> None:
    done = await people.erase(**who)
    assert done["rooms"] == ("desk", "general")
    frames = await people.frames()
    said = json.dumps(frames)
    assert [secret for secret in SECRETS if f'"{secret}"' in said] == []
    about = [f for f in frames if f["type"] == "member" and f["member"] == ERASED]
    assert {f["subject"] for f in about} == {ERASED}
    assert not any("reason" in f for f in about)
    assert [f["topic"] for f in frames if f["type"] == "room"] == ["", "", "at the desk"]
    users = await people.log.table("SELECT username FROM users WHERE username IN ('bob', 'rob')")
    keys = await people.log.table(
        "SELECT 1 FROM users WHERE username IS NULL AND (salt IS NOT NULL OR name_key IS NOT NULL "
        "OR EXISTS (SELECT 1 FROM skeleton_keys WHERE user_id = users.id))"
    )
    subjects = await people.log.table(
        "SELECT 1 FROM subjects WHERE subject IS NULL AND salt IS NULL AND subject_key IS NULL"
    )
    assert (users, keys, len(subjects)) == ([], [], 1)
    await people.verifies()


async def test_others_words_and_reasons_stay(people: Erasing) -> None:
    await people.erase(sub="u-2")
    frames = await people.frames()
    assert "hello" in [f.get("message") for f in frames]
    assert "out" in [f.get("reason") for f in frames]
    assert {"ada", "kim"} <= {f["username"] for f in frames}


async def test_roles_and_bans_end_by_events_that_name_nobody(people: Erasing) -> None:
    await people.erase(sub="u-2")
    await people.erase(sub="u-3")
    found = await people.log.table(
        "SELECT r.room, e.details FROM events e JOIN rooms r ON r.id = e.room_id "
        "WHERE e.type = 'member' AND e.user_id = (SELECT id FROM users WHERE username = 'root') "
        "ORDER BY e.position"
    )
    ended = [(row["room"], json.loads(row["details"])["role"]) for row in found]
    # bob was a moderator and a member, kim banned; what kim had at the desk had ended.
    assert ended == [("desk", "none"), ("general", "none"), ("general", "none")]
    await people.verifies()


async def test_clients_get_no_name_in_the_event_that_ends_a_role(people: Erasing) -> None:
    step = erase_user(None, subject="u-3", by="root", reason="asked for")
    _, told = await people.log.writer.transact(step)
    assert "kim" not in b"".join(map(encode, told)).decode()
    ends = [json.loads(encode(recorded)) for recorded in told if recorded.event.type == "member"]
    assert [(f["member"], f["subject"], f["role"]) for f in ends] == [(ERASED, ERASED, "none")]


async def test_the_next_token_is_a_new_subject_without_roles(people: Erasing) -> None:
    before = await people.log.table("SELECT uuid FROM subjects ORDER BY id")
    await people.erase(sub="u-2")
    [refused] = await people.log.append(Join("desk", "e" * 32, "", backlog=0, author=ROB))
    assert isinstance(refused, Refused)
    assert refused.code == "forbidden"
    await enter(people.log, "general", BOB)
    after = await people.log.table("SELECT uuid FROM subjects ORDER BY id")
    assert len(after) == len(before) + 1
    [denied] = await people.log.append(
        Appoint("general", BOB, Target("u-1"), "reader", reason="as I was a moderator")
    )
    assert isinstance(denied, Refused)
    await people.verifies()


async def test_a_banned_one_comes_back_after_the_erasure_of_the_ban(people: Erasing) -> None:
    await people.erase(sub="u-3")
    await enter(people.log, "general", Identity("u-3", "kim"))


async def test_somebody_else_may_take_the_name(people: Erasing) -> None:
    await people.erase(sub="u-2")
    await enter(people.log, "general", Identity("u-20", "bob"))
    await people.verifies()


async def test_one_who_never_came_is_erased_too(people: Erasing) -> None:
    await people.erase(sub="u-5")
    members = [f for f in await people.frames() if f["type"] == "member"]
    assert "u-5" not in json.dumps(members)
    await people.verifies()


async def test_who_only_made_a_room_is_no_operator(people: Erasing) -> None:
    await people.log.record(Create("attic", Identity("u-8", "max"), topic="old things"))
    await people.erase(username="max")
    attic = [f for f in await people.frames() if f["room"] == "attic"]
    assert "max" not in json.dumps(attic)
    assert attic[0]["topic"] == ""


async def test_an_operator_of_a_subject_s_name_is_somebody_else(people: Erasing) -> None:
    await people.log.record(Create("attic", Identity("u-8", "max"), topic="old things"))
    await people.node.operations.handlers()["redact"](
        room="general", seqs=[4], by="max", reason="a leak"
    )
    await people.verifies()
    found = await people.log.table("SELECT subject_id FROM users WHERE username = 'max'")
    assert sorted(row["subject_id"] is None for row in found) == [False, True]


async def test_what_somebody_looked_at_is_erased_with_them(people: Erasing) -> None:
    for who in (ADA, BOB, Identity("u-30", "auditor")):
        await people.node.committer.alone(look(who, "verify", "general", 3))
    await people.erase(sub="u-2")
    await people.erase(sub="u-30")
    rows = await people.log.table(
        "SELECT u.username FROM looks JOIN users u ON u.id = looks.user_id"
    )
    assert [row["username"] for row in rows] == ["ada"]
    await people.node.committer.alone(look(Identity("u-30", "auditor"), "verify", "general", 3))
    found = await people.log.table("SELECT subject FROM subjects ORDER BY id DESC LIMIT 2")
    assert [row["subject"] for row in found] == ["u-30", None]


async def test_tokens_until_now_are_revoked_before_the_sessions_are_closed(people: Erasing) -> None:
    with pytest.raises(StillPresent) as present:
        await people.log.writer.transact(erase_user(None, subject="u-2", by="r", reason="?"))
    assert present.value.subjects == {"u-2"}
    await people.erase(sub="u-2")
    rows = await people.log.table("SELECT kind, issued_until FROM revocations")
    assert len(rows) == 2
    causes = await people.log.table("SELECT cause FROM sessions WHERE cause = 'kicked'")
    assert len(causes) == 4  # kim twice before, rob in both rooms


async def test_nobody_is_erased_by_a_wrong_subject(people: Erasing) -> None:
    for who in ({"sub": "u-99"}, {"sub": "bob"}, {"username": "u-2"}):
        with pytest.raises(Refused, match="There is no"):
            await people.erase(**who)
    for who in ({}, {"sub": "u-2", "username": "bob"}, {"sub": ""}, {"sub": "(x)"}):
        with pytest.raises(Refused):
            await people.erase(**who)
    assert await people.log.table("SELECT 1 FROM revocations") == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_another_node_forgets_who_was_erased(database_url: str, people: Erasing) -> None:
    async with open_log(database_url, node="second") as log:
        await enter(log, "general", ROB)
        await people.erase(sub="u-2")
        await enter(log, "general", ROB)
    subjects = await people.log.table("SELECT subject FROM subjects WHERE subject IS NULL")
    assert len(subjects) == 1
    await people.verifies()


async def test_the_bytes_are_gone_from_the_file(sqlite_url: str) -> None:
    async with node_on(sqlite_url, has_people=True) as node:
        people = Erasing(node)
        await general(people.log)
        await desk(people.log)
        done = await people.erase(sub="u-2")
        assert done["is_scrubbed"]
        assert kept(sqlite_url) == []
    assert kept(sqlite_url) == []


def kept(url: str) -> list[str]:
    """Those of bob's secrets that are in the files; names of two letters occur by chance."""
    path = Path(url.removeprefix("sqlite:///"))
    files = [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
    raw = b"".join(file.read_bytes() for file in files)
    return [secret for secret in SECRETS if len(secret) > 3 and secret.encode() in raw]


async def test_the_command_says_what_ends_before_it_does_it(sqlite_url: str) -> None:
    async with node_on(sqlite_url, has_people=True) as node:
        people = Erasing(node)
        await general(people.log)
        await desk(people.log)
    asked = ("erase-user", "--sub", "u-2", "--reason", "asked for", "--by", "root")
    ended = await chatlog(*asked, database=sqlite_url)
    assert ended.status == 0, ended
    first, second = ended.out.splitlines()
    assert first == (
        "The tokens of the subject 'u-2' issued until now are revoked; its roles and bans end: "
        "member in 'desk', moderator in 'general'."
    )
    assert second.startswith("Erased ")
    again = await chatlog(*asked, database=sqlite_url)
    assert (again.status, again.out) == (2, "")
    both = await chatlog("erase-user", "ada", *asked[1:], database=sqlite_url)
    assert (both.status, both.err.count("\n")) == (2, 1)


async def test_a_running_server_erases_for_the_command(sqlite_url: str) -> None:
    async with node_on(sqlite_url, has_people=True) as node:
        people = Erasing(node)
        await general(people.log)
        asked = ("erase-user", "--sub", "u-3", "--reason", "asked for", "--by", "root")
        ended = await chatlog(*asked, database=sqlite_url)
        assert ended.status == 0, ended
        assert "banned in 'general'" in ended.out
        await enter(people.log, "general", Identity("u-3", "kim"))
        assert KIM.subject == "u-3"
