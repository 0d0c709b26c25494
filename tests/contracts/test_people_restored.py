"""Rooms of people who proved who they are: exported, verified elsewhere, and restored unchanged."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chatlog.domain.errors import LogError
from chatlog.domain.identity import Identity
from chatlog.kinds.chat import Post
from chatlog.kinds.join import Join
from chatlog.nodes import leases
from tests.cli.command import chatlog
from tests.support.damage import change
from tests.support.document import verdict
from tests.support.logbook import Log, join, open_log
from tests.support.nodes import node_on
from tests.support.people_log import ADA, BOB, KIM, ROB, enter, people_on

ROOMS = ("general", "desk")
PEOPLE = "SELECT uuid, subject, salt, commitment, is_renamed FROM subjects ORDER BY uuid"
USERS = (
    "SELECT u.uuid, u.username, u.salt, u.commitment, u.name_key IS NULL AS has_no_name, "
    "NOT EXISTS (SELECT 1 FROM skeleton_keys k WHERE k.user_id = u.id) AS has_no_look, "
    "s.uuid AS subject, s.user_id = u.id AS is_present "
    "FROM users u LEFT JOIN subjects s ON s.id = u.subject_id ORDER BY u.uuid"
)
ERASURES: dict[str, list[tuple[str, ...]]] = {
    "nothing": [],
    "a reason": [("redact", "general", "6")],
    "a topic": [("redact", "general", "8")],
    "a reason of a leave": [("redact", "general", "11")],
    "a person": [("erase-user", "--sub", "u-2")],
    "a member": [("erase-user", "--sub", "u-5")],
    "everybody": [("erase-user", "--sub", sub) for sub in ("u-1", "u-2", "u-3", "u-5")],
}


@pytest.fixture
def other(tmp_path: Path) -> str:
    """A second database."""
    return f"sqlite:///{tmp_path / 'other.db'}"


def exported(database: str, room: str) -> str:
    return chatlog("export", room, "--database", database).stdout


def written(database: str, folder: Path) -> list[Path]:
    """The files of both rooms."""
    files = [folder / f"{room}.jsonl" for room in ROOMS]
    for file in files:
        file.write_text(exported(database, file.stem), newline="\n")
    return files


def rows(database: str) -> list[list[dict[str, Any]]]:
    async def look() -> list[list[dict[str, Any]]]:
        async with open_log(database) as log:
            await leases.end(log.database, log.writer.node)
            return [await log.table(PEOPLE), await log.table(USERS)]

    return asyncio.run(look())


def on(database: str, work: Callable[[Log], Awaitable[object]]) -> None:
    async def do() -> None:
        async with open_log(database) as log:
            await work(log)

    asyncio.run(do())


@pytest.mark.parametrize("erased", ERASURES)
def test_an_export_restores_the_same_bytes_and_people(
    erased: str, database_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(database_url))
    for command in ERASURES[erased]:
        chatlog(*command, "--reason", "asked for", "--database", database_url)
    for file in written(database_url, tmp_path):
        checked = verdict(tmp_path, file.read_bytes().splitlines())
        assert checked.returncode == 0, checked
        chatlog("import", file, "--database", other)
        assert exported(other, file.stem) == file.read_text()
    chatlog("verify", "--database", other)
    assert rows(other) == rows(database_url)


def test_an_export_of_sqlite_restores_on_postgresql_as_well(
    postgres_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(other))
    for file in written(other, tmp_path):
        chatlog("import", file, "--database", postgres_url)
        assert exported(postgres_url, file.stem) == file.read_text()
    assert rows(postgres_url) == rows(other)


LIES = {
    "a member": (7, '"member":"u-5"', '"member":"u-6"'),
    "a subject": (7, '"subject":"u-5"', '"subject":"u-6"'),
    "a role": (6, '"role":"moderator"', '"role":"owner"'),
    "an end": (7, '"until":"9000', '"until":"9001'),
    "a reason": (6, "on call", "on leave"),
    "who removed somebody": (11, '"by":"bob"', '"by":"ada"'),
    "a topic": (8, '"topic":"a topic of bob"', '"topic":"mine"'),
    "a topic of an earlier event": (9, '"topic":"a topic of bob"', '"topic":"mine"'),
    "whose topic it is": (9, '"of":"8"', '"of":"6"'),
    "a lock": (9, '"locked":true', '"locked":false'),
    "access": (8, '"access":"open"', '"access":"private"'),
    "a person's salts": (6, '"subject_salt"', '"subject_sold"'),
    "people": (11, '"people"', '"persons"'),
    "who has a name": (6, '"named":', '"nomed":'),
}


@pytest.mark.parametrize("what", LIES)
def test_both_verifiers_find_a_changed_line_about_people(
    what: str, sqlite_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(sqlite_url))
    seq, old, new = LIES[what]
    general, _ = written(sqlite_url, tmp_path)
    lines = general.read_text().splitlines(keepends=True)
    if old in lines[seq - 1]:
        lines[seq - 1] = lines[seq - 1].replace(old, new)
        general.write_text("".join(lines), newline="\n")
        assert verdict(tmp_path, general.read_bytes().splitlines()).returncode == 1
    else:
        lines[seq - 1] = lines[seq - 1].replace('"subject_salt"', '"named":false,"subject_salt"', 1)
        general.write_text("".join(lines), newline="\n")
    said = chatlog("import", general, "--database", other, status=2).stderr
    assert f"Line {seq} is not as it was exported" in said


def test_who_is_here_already_is_the_same_person(
    sqlite_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(sqlite_url))
    general, desk = written(sqlite_url, tmp_path)
    chatlog("import", general, "--database", other)

    async def goes_on(log: Log) -> None:
        session = await enter(log, "elsewhere", Identity("u-2", "bobby"))
        await log.record(Post("elsewhere", session, "still me"))

    on(other, goes_on)
    chatlog("import", desk, "--database", other)
    people = {row["subject"]: row for row in rows(other)[0]}
    assert people["u-2"]["uuid"] == {r["subject"]: r for r in rows(sqlite_url)[0]}["u-2"]["uuid"]

    async def by_the_newest_name(log: Log) -> None:
        await enter(log, "elsewhere", Identity("u-2"))
        assert (await log.events())[-1].event.user.name == "bobby"

    on(other, by_the_newest_name)
    chatlog("verify", "--database", other)


STRANGERS = {
    "another subject of this text": (BOB, "knows the subject 'u-2' as somebody else"),
    "somebody of the same name": (Identity("u-77", "bob"), "'bob', or one that looks like it"),
    "somebody of a name that looks the same": (Identity("u-77", "b\u043eb"), "looks like it"),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_somebody_else_s_subject_or_name_stops_an_import(
    who: str, database_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(other))
    stranger, why = STRANGERS[who]
    on(database_url, lambda log: enter(log, "elsewhere", stranger))
    general, _ = written(other, tmp_path)
    said = chatlog("import", general, "--database", database_url, status=2).stderr
    assert why in said
    assert "general" not in chatlog("rooms", "--database", database_url).stdout


def test_a_name_of_somebody_without_a_token_stops_nothing(
    sqlite_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(sqlite_url))
    on(other, lambda log: log.record(join("elsewhere", "bob")))
    general, _ = written(sqlite_url, tmp_path)
    chatlog("import", general, "--database", other)
    assert exported(other, "general") == general.read_text()
    chatlog("verify", "--database", other)


def test_restored_people_go_on_as_they_were(sqlite_url: str, other: str, tmp_path: Path) -> None:
    asyncio.run(people_on(sqlite_url))
    for file in written(sqlite_url, tmp_path):
        chatlog("import", file, "--database", other)

    async def goes_on(log: Log) -> None:
        await enter(log, "general", ROB)
        [refused] = await log.append(Join("general", "f" * 32, "", backlog=0, author=KIM))
        assert "banned" in str(refused)
        await enter(log, "desk", ADA)

    on(other, goes_on)
    chatlog("verify", "--database", other)


DOORS = {
    "left out": ('"via":"http",', ""),
    "another": ('"via":"http"', '"via":"irc"'),
}


@pytest.mark.parametrize("what", DOORS)
def test_both_verifiers_find_a_changed_door(
    what: str, sqlite_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(sqlite_url))
    _, desk = written(sqlite_url, tmp_path)
    lines = desk.read_text().splitlines(keepends=True)
    assert DOORS[what][0] in lines[10]
    lines[10] = lines[10].replace(*DOORS[what], 1)
    desk.write_text("".join(lines), newline="\n")
    assert verdict(tmp_path, desk.read_bytes().splitlines()).returncode == 1
    said = chatlog("import", desk, "--database", other, status=2).stderr
    assert "Line 11 is not as it was exported" in said


def test_a_server_in_open_mode_takes_no_room_with_rights(
    sqlite_url: str, other: str, tmp_path: Path
) -> None:
    asyncio.run(people_on(sqlite_url))
    general, _ = written(sqlite_url, tmp_path)

    async def ask() -> None:
        async with node_on(other) as node:
            with pytest.raises(LogError, match="ignore in open mode"):
                await node.operations.handlers()["import-jsonl"](path=str(general), room=None)

    asyncio.run(ask())
    assert chatlog("rooms", "--json", "--database", other).stdout == ""


@pytest.mark.parametrize("work", ["rebuild", "retention"])
def test_what_operators_do_leaves_people_as_they_are(work: str, database_url: str) -> None:
    asyncio.run(people_on(database_url))
    before = rows(database_url)
    at = ("--database", database_url)
    if work == "rebuild":
        change(database_url, "UPDATE sessions SET left_seq = NULL WHERE left_seq = 12")
        chatlog("rebuild", *at, status=1)
        chatlog("rebuild", *at)
    else:
        chatlog("retention", "general", "--days", 30, "--names", *at)
    assert rows(database_url) == before
    for room in ROOMS:
        chatlog("verify", room, *at)


def test_a_backup_has_people_as_they_are(sqlite_url: str, other: str) -> None:
    asyncio.run(people_on(sqlite_url))
    chatlog("backup", other.removeprefix("sqlite:///"), "--database", sqlite_url)
    assert rows(other) == rows(sqlite_url)
    for room in ROOMS:
        chatlog("verify", room, "--database", other)


def test_retention_of_names_erases_the_whole_person(sqlite_url: str) -> None:
    asyncio.run(people_on(sqlite_url))
    chatlog("erase-user", "--sub", "u-1", "--reason", "?", "--database", sqlite_url)
    # Only bob's first name was long away: as rob, he is still here.
    old = "UPDATE sessions SET left_at = '2001-01-01T00:00:00.000000Z' WHERE user_id = {}"
    bob, rob = (f"(SELECT id FROM users WHERE username = '{name}')" for name in ("bob", "rob"))
    change(sqlite_url, old.format(bob))
    chatlog("retention", "general", "--days", 30, "--names", "--database", sqlite_url)
    assert "u-2" in {row["subject"] for row in rows(sqlite_url)[0]}
    change(sqlite_url, old.format(rob))
    # But he has said something since, which he need not have been there for.
    chatlog("retention", "general", "--days", 30, "--names", "--database", sqlite_url)
    assert "u-2" in {row["subject"] for row in rows(sqlite_url)[0]}
    change(sqlite_url, "UPDATE events SET at = '2001-01-01T00:00:00.000000Z' WHERE type = 'chat'")
    chatlog("retention", "general", "--days", 30, "--names", "--database", sqlite_url)
    subjects, users = rows(sqlite_url)
    assert "u-2" not in {row["subject"] for row in subjects}
    assert {"bob", "rob"}.isdisjoint(row["username"] for row in users)


def test_a_spreadsheet_and_a_terminal_say_who_did_what_to_whom(sqlite_url: str) -> None:
    asyncio.run(people_on(sqlite_url))
    chatlog("erase-user", "--sub", "u-3", "--reason", "?", "--database", sqlite_url)
    at = ("--database", sqlite_url)
    csv_text = chatlog("export", "general", "--format", "csv", *at).stdout
    found = {int(row["seq"]): row for row in csv.DictReader(io.StringIO(csv_text))}
    assert (found[6]["member"], found[6]["role"], found[6]["reason"]) == (
        "bob", "moderator", "on call",
    )  # fmt: skip
    assert found[7]["until"].startswith("9000")
    assert (found[11]["by"], found[11]["erased"]) == ("bob", "yes")
    assert (found[16]["member"], found[16]["erased"]) == ("(erased)", "yes")
    assert (found[9]["topic"], found[9]["locked"], found[9]["erased"]) == (
        "a topic of bob", "True", "",
    )  # fmt: skip
    told = chatlog("history", "general", "--types", "member", *at).stdout
    assert "made bob moderator: on call" in told
    assert "made (erased) banned" in told
