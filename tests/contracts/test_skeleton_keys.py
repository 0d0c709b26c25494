"""Names that look alike stay refused, whichever versions of Unicode's data programs have.

``18`` below is this program's data, and in that of ``19`` a k looks like an h.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.databases import opening, skeleton_keys
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.skeletons import data_version
from chatlog.eventlog.steps.erasing import erase_user
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.operations import restore_export
from tests.cli.command import chatlog
from tests.support.logbook import Log, open_log
from tests.support.nodes import migrated
from tests.support.people_log import enter
from tests.support.unicode import K_IS_H, Unicode, unicode

from .earlier import make_earlier

__all__ = ["unicode"]

HAT, KAT = Identity("u-1", "hat"), Identity("u-2", "kat")
THIRD = Identity("u-3", "h\u0430t")
SETS = (
    "SELECT v.version, v.keyed_until, count(k.user_id) AS keys FROM skeleton_versions v "
    "LEFT JOIN skeleton_keys k ON k.version_id = v.id GROUP BY v.id, v.version, v.keyed_until "
    "ORDER BY v.id"
)


async def refused(log: Log, who: Identity) -> bool:
    """Have a person join; return whether the name was refused."""
    session = secrets.token_hex(8)
    [outcome] = await log.append(Join("room", session, "", backlog=0, author=who))
    if isinstance(outcome, Refused):
        assert outcome.code == "username_taken"
        return True
    await log.record(Leave("room", session, "left"))
    return False


async def sets(log: Log) -> dict[str, tuple[int, int]]:
    """The sets of keys: up to whom each is complete, and how many it has."""
    rows = await log.table(SETS)
    return {row["version"].split()[0]: (row["keyed_until"], row["keys"]) for row in rows}


async def people(log: Log, number: int) -> None:
    """Have so many people enter, whose names all differ."""
    for i in range(number):
        await enter(log, "room", Identity(f"p-{i}", f"person {i}"))


async def command(url: str, *arguments: object, status: int = 0) -> str:
    """Run a command in this process, which has the data that the test has chosen."""
    place = (*arguments, "--database", url)
    return (await asyncio.to_thread(chatlog, *place, status=status)).output


async def verifies(url: str) -> None:
    await command(url, "verify")


async def test_a_name_that_was_free_is_refused_by_newer_data(
    unicode: Unicode, empty_database_url: str
) -> None:
    unicode("18")
    async with open_log(empty_database_url) as log:
        assert not await refused(log, HAT)
    unicode("19", K_IS_H)
    await migrated(empty_database_url)
    async with open_log(empty_database_url) as log:
        assert await sets(log) == {"18": (0, 0), "19": (1, 1)}
        assert await refused(log, KAT)


async def test_a_name_that_was_refused_is_free_by_newer_data(
    unicode: Unicode, database_url: str
) -> None:
    unicode("18", K_IS_H)
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)
        assert await refused(log, KAT)
    unicode("19")
    await migrated(database_url)
    async with open_log(database_url) as log:
        assert not await refused(log, KAT)


async def test_names_that_only_now_look_alike_stay_their_owners_and_a_third_is_refused(
    unicode: Unicode, database_url: str
) -> None:
    unicode("18")
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)
        assert not await refused(log, KAT)
    unicode("19", K_IS_H)
    async with open_log(database_url) as log:
        for who in (HAT, KAT):
            assert not await refused(log, who)
            assert not await refused(log, Identity(who.subject, f"new {who.subject}"))
            assert not await refused(log, who)
        assert (await log.events())[-1].event.user.name == "kat"
        assert await refused(log, THIRD)
        assert await refused(log, Identity("u-1", "kat"))
        assert await refused(log, Identity("u-1", THIRD.name))


async def test_a_version_of_python_with_other_decompositions_has_its_own_keys(
    unicode: Unicode, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unicode("18")
    async with open_log(empty_database_url) as log:
        assert not await refused(log, HAT)
        first = data_version()
        monkeypatch.setattr(unicodedata, "unidata_version", "99.0.0")
        assert await refused(log, Identity("u-2", "hat"))
        found = await log.table("SELECT version FROM skeleton_versions ORDER BY id")
        assert [row["version"] for row in found] == [first, "18 99.0.0"]


class Killed(BaseException):
    """The process ends here."""


async def test_whoever_is_killed_amid_the_keys_leaves_no_gap(
    unicode: Unicode, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unicode("18")
    async with open_log(database_url) as log:
        await people(log, 7)
        assert not await refused(log, HAT)
    unicode("19", K_IS_H)
    monkeypatch.setattr(skeleton_keys, "PAGE", 3)
    key_page, pages = skeleton_keys._key_page, []

    async def killed(*arguments: Any) -> None:
        await key_page(*arguments)
        pages.append(1)
        if len(pages) == 2:  # before its commit
            raise Killed

    monkeypatch.setattr(skeleton_keys, "_key_page", killed)
    with pytest.raises(Killed):
        await migrated(database_url)
    async with open_log(database_url) as log:
        assert (await sets(log))["19"] == (3, 3)
        assert await refused(log, KAT)  # who is first to look completes them
        assert (await sets(log))["19"] == (8, 8)
        pages.clear()
    await verifies(database_url)


async def test_a_start_goes_on_where_one_was_killed(
    unicode: Unicode, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unicode("18")
    async with open_log(database_url) as log:
        await people(log, 7)
    unicode("19")
    monkeypatch.setattr(skeleton_keys, "PAGE", 2)
    async with open_log(database_url) as log:
        async with log.database.write() as connection, connection.begin():
            await skeleton_keys._key_page(connection, await skeleton_keys._state(connection))
        assert (await sets(log))["19"] == (2, 2)
    await migrated(database_url)
    async with open_log(database_url) as log:
        assert (await sets(log))["19"] == (7, 7)


async def test_two_that_start_at_once_make_one_set_between_them(
    unicode: Unicode,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    unicode("18")
    async with open_log(postgres_url) as log:
        await people(log, 20)
    unicode("19", K_IS_H)
    monkeypatch.setattr(skeleton_keys, "PAGE", 1)
    await asyncio.gather(migrated(postgres_url), migrated(postgres_url))
    async with open_log(postgres_url) as log:
        assert (await sets(log))["19"] == (20, 20)
    assert [said for said in caplog.records if said.levelno >= logging.WARNING] == []


async def test_an_older_node_beside_a_newer_one_misses_nothing_and_hides_nothing(
    unicode: Unicode, database_url: str
) -> None:
    unicode("18")
    async with open_log(database_url, node="old") as old:
        assert not await refused(old, HAT)
        unicode("19", K_IS_H)
        await migrated(database_url)
        async with open_log(database_url, node="new") as new:
            unicode("18")
            assert not await refused(old, Identity("u-4", "hip"))
            unicode("19", K_IS_H)
            assert await refused(new, Identity("u-5", "kip"))
            assert not await refused(new, Identity("u-5", "hop"))
            unicode("18")
            assert await refused(old, Identity("u-6", "hop"))
            assert not await refused(old, Identity("u-6", "kop"))  # by the data it has
    for version in (("18",), ("19", K_IS_H)):
        unicode(*version)
        await verifies(database_url)
        await migrated(database_url)
        await verifies(database_url)


async def test_an_erased_name_has_no_key_of_any_version_and_gets_none(
    unicode: Unicode, database_url: str
) -> None:
    unicode("18")
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)
        await enter(log, "elsewhere", Identity("u-9", "other"))
    unicode("19", K_IS_H)
    await migrated(database_url)
    async with open_log(database_url) as log:
        await log.writer.transact(erase_user("hat", by="root", reason="asked for"))
        gone = "SELECT 1 FROM skeleton_keys WHERE user_id IN (SELECT id FROM users WHERE {})"
        assert await log.table(gone.format("username IS NULL")) == []
        assert not await refused(log, KAT)
    unicode("20", K_IS_H)
    await migrated(database_url)
    async with open_log(database_url) as log:
        assert await log.table(gone.format("username IS NULL")) == []
        assert await log.table(gone.format("subject_id IS NULL")) == []
        assert (await sets(log))["20"][1] == 2
    await verifies(database_url)


async def test_verify_finds_a_key_of_an_erased_name_whatever_its_version(
    unicode: Unicode, database_url: str
) -> None:
    unicode("18")
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)
        assert not await refused(log, KAT)
        await log.writer.transact(erase_user("hat", by="root", reason="asked for"))
        await log.change("INSERT INTO skeleton_keys VALUES (1, 1, :key)", key=b"of hat")
    unicode("19")
    assert "skeleton key" in await command(database_url, "verify", status=1)


async def test_sets_out_of_use_are_dropped_and_whoever_uses_one_again_misses_nothing(
    unicode: Unicode, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skeleton_keys, "PAGE", 2)
    unicode("18", K_IS_H)
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)
        await people(log, 6)
    for version in range(19, 23):
        unicode(str(version))
        await migrated(database_url)
    async with open_log(database_url) as log:
        assert await sets(log) == {str(version): (7, 7) for version in (20, 21, 22)}
        unicode("18", K_IS_H)
        assert await refused(log, KAT)
        # One that was killed amid dropping it.
        async with log.database.write() as connection, connection.begin():
            number = (await skeleton_keys._state(connection)).number
            await skeleton_keys._drop_page(connection, number)
        assert (await sets(log))["18"] == (0, 5)
        assert await refused(log, KAT)
        assert (await sets(log))["18"] == (7, 7)


async def test_what_cannot_be_written_at_the_start_is_left_to_the_first_look(
    unicode: Unicode,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    unicode("18")
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)

    async def full(_database: Database) -> None:
        raise OSError("no space left")

    unicode("19", K_IS_H)
    monkeypatch.setattr(opening, "bring_up_in_pages", full)
    await migrated(database_url)
    assert "keys of names" in caplog.text
    async with open_log(database_url) as log:
        assert await refused(log, KAT)


EARLIER = (
    """INSERT INTO subjects (id, uuid, subject, salt, commitment, subject_key, user_id)
        VALUES (1, 's', 'u-7', :blob, :blob, :blob, 2)""",
    """INSERT INTO users (id, uuid, username, salt, commitment, name_key, subject_id, skeleton_key)
        VALUES (2, 'u', 'hat', :blob, :blob, :blob, 1, :blob)""",
    "UPDATE nodes SET ended_at = seen_at",
)


async def test_the_keys_of_earlier_revisions_are_made_anew(
    unicode: Unicode, empty_database_url: str
) -> None:
    unicode("18", K_IS_H)
    database = Database(empty_database_url)
    await make_earlier(database, "0016")
    async with database.write() as connection, connection.begin():
        for statement in EARLIER:
            blob = {"blob": b"12345678"} if ":blob" in statement else {}
            await connection.execute(sa.text(statement), blob)
        if database.backend.name == "sqlite":  # somebody's own, which no longer works
            await connection.execute(sa.text("CREATE VIEW mine AS SELECT x FROM no_more"))
    await migrate(database)
    await database.dispose()
    await migrated(empty_database_url)
    async with open_log(empty_database_url) as log:
        assert await sets(log) == {"18": (2, 1)}
        assert await refused(log, KAT)


@pytest.mark.parametrize("page", [1, 1_000])
async def test_an_export_of_names_that_now_look_alike_is_restored(
    page: int,
    unicode: Unicode,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(restore_export, "_PAGE", page)
    unicode("18")
    async with open_log(database_url) as log:
        assert not await refused(log, HAT)
        assert not await refused(log, KAT)
    unicode("19", K_IS_H)
    file, other = tmp_path / "room.jsonl", f"sqlite:///{tmp_path / 'other.db'}"
    file.write_text(await command(database_url, "export", "room"), newline="\n")
    await command(other, "import", file)
    await verifies(other)
    async with open_log(other) as log:
        assert not await refused(log, HAT)
        assert not await refused(log, KAT)
        assert await refused(log, THIRD)
