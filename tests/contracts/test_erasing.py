"""An erasure is of the person who was meant, whoever else has the name, and stays explained."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from chatlog.domain.errors import Refused
from chatlog.eventlog.append import Batch
from chatlog.eventlog.steps.retention import Rule, erase_if_away, rules
from chatlog.kinds.chat import Post, PostAs
from chatlog.kinds.command import Command
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.operations.retention import BY
from chatlog.runtime import Runtime
from tests.cli.command import chatlog as here
from tests.support.command import chatlog
from tests.support.logbook import Log, open_log
from tests.support.nodes import node_on

OLD = "2004-12-25T09:{:02}:00.000000Z"
LONG_AGO = "2010-01-01T00:00:00.000000Z"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An export of a room in which a bob spoke in 2004."""
    history = tmp_path / "2004-12-25.txt"
    history.write_text("[09:14] <bob> said long ago\n[09:15] <kim> hi\n")
    database = ("--database", f"sqlite:///{tmp_path / 'archive.db'}")
    here("import", history, "--room", "archive", "--format", "irc", *database)
    exported = tmp_path / "archive.jsonl"
    exported.write_text(here("export", "archive", *database).stdout)
    return exported


class Operated:
    """A log through a running node, with the operator's commands and plain looks at it."""

    def __init__(self, node: Runtime, log: Log) -> None:
        self.node = node
        self._log = log

    async def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        return await self.node.operations.handlers()[command](**arguments)

    async def said(self, room: str, name: str, *texts: str, at: str | None = None) -> str:
        """Have somebody join and write; return the session."""
        session = secrets.token_hex(8)
        commands: list[Command] = [Join(room, session, name, backlog=0, at=at)]
        commands += [Post(room, session, text, at=at) for text in texts]
        for command in commands:
            assert isinstance(await self.node.committer.append(command), Recorded)
        return session

    async def left(self, room: str, session: str, at: str | None = None) -> None:
        await self.node.committer.append(Leave(room, session, "left", at=at))

    async def texts(self) -> list[str]:
        found = await self._log.table("SELECT text FROM events WHERE type = 'chat' ORDER BY 1")
        return [row["text"] for row in found if row["text"] is not None]

    async def names(self) -> list[str]:
        found = await self._log.table("SELECT username FROM users")
        return sorted(row["username"] for row in found if row["username"] is not None)

    async def erasers(self) -> set[str]:
        return {row["by"] for row in await self._log.table('SELECT "by" FROM audit_erasures')}

    async def verifies(self) -> None:
        verdict = await chatlog("verify", database=self.node.settings.database)
        assert verdict.status == 0, verdict


@pytest.fixture
async def operated(database_url: str) -> Any:
    async with node_on(database_url) as node:
        yield Operated(node, Log(node.database, node.writer))


async def test_an_old_user_goes_and_a_present_one_of_the_name_keeps_their_words(
    operated: Operated, archive: Path
) -> None:
    await operated.said("general", "bob", "said today")
    await operated.do("import-jsonl", path=str(archive), room=None)
    rule = {"room": "archive", "days": 30, "names": True, "by": "eve"}
    assert await operated.do("retention", **rule) == {"texts": 2, "people": 2, "remains": ""}
    assert await operated.texts() == ["said today"]
    assert await operated.names() == [BY, "bob"]
    present = await operated._log.table("SELECT username FROM audit_presence")
    assert [row["username"] for row in present] == ["bob"]
    assert await operated.erasers() == {BY}
    await operated.verifies()


async def test_who_comes_back_before_they_are_erased_is_left_alone(operated: Operated) -> None:
    session = await operated.said("general", "bob", "said long ago", at=OLD.format(14))
    await operated.left("general", session, at=OLD.format(15))
    [user] = await operated._log.table("SELECT id FROM users WHERE username = 'bob'")
    step = erase_if_away(user["id"], LONG_AGO, by=BY, reason="too old")
    back = await operated.said("elsewhere", "bob")
    assert await operated.node.committer.alone(step) == []
    await operated.left("elsewhere", back)
    assert await operated.node.committer.alone(step) == []
    assert await operated.texts() == ["said long ago"]
    assert await operated.names() == ["bob"]


async def test_who_was_active_in_another_room_within_the_time_keeps_the_name(
    operated: Operated,
) -> None:
    session = await operated.said("general", "bob", "said long ago", at=OLD.format(14))
    await operated.left("general", session, at=OLD.format(15))
    await operated.left("elsewhere", await operated.said("elsewhere", "bob", "said today"))
    rule = {"room": "general", "days": 30, "names": True, "by": "eve"}
    assert await operated.do("retention", **rule) == {"texts": 1, "people": 0, "remains": ""}
    assert await operated.texts() == ["said today"]
    assert "bob" in await operated.names()


async def test_who_posts_without_joining_is_away_when_they_have_not_posted(
    operated: Operated,
) -> None:
    for name, at in (("bob", OLD.format(14)), ("shop", OLD.format(15))):
        session = await operated.said("general", name, at=at)
        await operated.left("general", session, at=at)
    ago = PostAs("general", "of kim", "kim", at=OLD.format(16), via="http")
    for post in (ago, PostAs("general", "of shop", "shop", via="http")):
        assert isinstance(await operated.node.committer.append(post), Recorded)
    rule = {"room": "general", "days": 30, "names": True, "by": "eve"}
    assert await operated.do("retention", **rule) == {"texts": 1, "people": 2, "remains": ""}
    assert await operated.names() == [BY, "shop"]
    await operated.verifies()


async def test_people_who_left_no_texts_are_erased_as_well(operated: Operated) -> None:
    session = await operated.said("general", "bob", at=OLD.format(14))
    await operated.left("general", session, at=OLD.format(15))
    rule = {"room": "general", "days": 30, "names": True, "by": "eve"}
    assert await operated.do("retention", **rule) == {"texts": 0, "people": 1, "remains": ""}
    assert await operated.names() == [BY]


async def test_a_rule_beyond_all_time_erases_nothing_and_is_not_kept(operated: Operated) -> None:
    await operated.said("general", "ada", "said now")
    for days in (0, -1, 36_501, 400_000, 999_999, 10**30, True, "7"):
        with pytest.raises(Refused, match="1 to 36,500 days"):
            await operated.do("retention", room="general", days=days, names=True, by="eve")
    for days in (400_000, 999_999, 10**30):  # as an earlier version may have kept it
        due = await operated.node.operations.retention.apply(Rule("general", days, names=True))
        assert (due.texts, due.people) == (0, 0)
    assert await operated.texts() == ["said now"]
    async with operated.node.database.read() as connection:
        assert await rules(connection) == []


@pytest.mark.parametrize("days", [-1, 0, 400_000, 999_999])
async def test_a_rule_that_an_earlier_version_kept_does_no_harm(log: Log, days: int) -> None:
    await log.join("general", "ada")
    await log.change("INSERT INTO retention VALUES (1, :days, true)", days=days)
    async with log.database.read() as connection:
        assert await rules(connection) == []


async def test_a_person_who_takes_an_operators_name_is_somebody_else(operated: Operated) -> None:
    await operated.said("general", "ada", "one", "two", "three")
    on_record = {"by": "root", "reason": "a leak"}
    await operated.do("redact", room="general", seqs=[2], **on_record)
    await operated.said("general", "root", "let me be forgotten")
    await operated.do("redact", room="general", seqs=[3], **on_record)
    await operated.do("erase-user", username="root", by="keeper", reason="asked for")
    assert await operated.erasers() == {"root", "keeper"}
    assert await operated.texts() == ["three"]
    await operated.do("redact", room="general", seqs=[4], **on_record)
    assert await operated.names() == ["ada", "keeper", "root"]
    for name in ("root", "keeper"):
        with pytest.raises(Refused, match="no user of this name"):
            await operated.do("erase-user", username=name, by="eve", reason="?")
    await operated.verifies()


async def test_an_operator_with_a_persons_name_is_somebody_else_after_a_restart(
    database_url: str,
) -> None:
    for turn in range(2):
        async with node_on(database_url) as node:
            operated = Operated(node, Log(node.database, node.writer))
            session = await operated.said("general", "ada", f"said {turn}")
            await operated.left("general", session)
            seq = turn * 4 + 2
            await operated.do("redact", room="general", seqs=[seq], by="ada", reason="a slip")
            assert await operated.names() == ["ada", "ada"]
    async with open_log(database_url, node="c") as log:
        kinds = await log.table(
            "SELECT user_id, count(DISTINCT type = 'erasure') AS n FROM events GROUP BY user_id"
        )
        assert [row["n"] for row in kinds] == [1, 1]


async def test_whoever_erases_two_of_their_own_name_leaves_a_log_that_verifies(
    operated: Operated, archive: Path
) -> None:
    await operated.said("general", "bob", "said today")
    await operated.do("import-jsonl", path=str(archive), room=None)
    await operated.do("erase-user", username="bob", by="bob", reason="asked for")
    assert await operated.texts() == ["hi"]
    assert await operated.erasers() == {"bob"}
    assert await operated.names() == ["bob", "kim"]
    await operated.verifies()


async def test_a_person_who_erased_under_an_earlier_version_can_be_erased(
    operated: Operated,
) -> None:
    await operated.said("general", "ada", "one")
    await operated.said("other", "bob", "two")

    async def as_then(connection: Any, batch: Batch) -> None:
        await batch.know(connection, {"general"}, {"bob"})
        erased = Erased(batch.user("bob"), batch.node, (2,), "a leak")
        await connection.exec_driver_sql(
            "UPDATE events SET text = NULL, text_salt = NULL WHERE position = 2"
        )
        batch.record(batch.room("general"), erased)

    await operated.node.committer.alone(as_then)
    await operated.do("erase-user", username="bob", by="bob", reason="asked for")
    assert await operated.texts() == []
    assert await operated.erasers() == {"(erased)", "bob"}
    await operated.verifies()


async def test_an_operator_stays_one_in_an_export_that_is_put_back(
    operated: Operated, tmp_path: Path
) -> None:
    await operated.said("general", "ada", "one")
    await operated.do("redact", room="general", seqs=[2], by="root", reason="a leak")
    await operated.do("retention", room="general", days=30, names=True, by="root")
    url = f"sqlite:///{tmp_path / 'again.db'}"
    exported = await chatlog("export", "general", database=operated.node.settings.database)
    (tmp_path / "general.jsonl").write_text(exported.out)
    insert_export = ("import", str(tmp_path / "general.jsonl"), "--format", "jsonl")
    assert (await chatlog(*insert_export, database=url)).status == 0
    async with node_on(url) as node:
        again = Operated(node, Log(node.database, node.writer))
        await again.said("other", "root", "it is me")
        await again.do("erase-user", username="root", by="keeper", reason="asked for")
        assert await again.erasers() == {"root", "keeper"}
        await again.verifies()
