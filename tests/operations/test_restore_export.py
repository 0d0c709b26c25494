"""Histories come in and out: the fold agrees, the bytes stay, nothing wrong gets in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatlog.audit.locating import find_room
from chatlog.audit.presence import Present, present_at
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from chatlog.kinds.erasure import Erased
from tests.cli.command import chatlog, imported, lines, refused
from tests.support import log_vectors
from tests.support.histories import HISTORIES, OWN, REAL, history
from tests.support.log_vectors import vectors

SMALL = """\
=== ada [h] has joined #small
[09:14] <bob> hello
[09:15]  * bob waves
=== bob is now known as rob
[09:16] <ada> grüße, 世界 🎉
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(SMALL)
    return path


def export(database: str, room: str = "#ubuntu") -> str:
    return chatlog("export", room, "--format", "jsonl", "--database", database).stdout


def restored(database: str, exported: str, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_text(exported)
    chatlog("import", file, "--format", "jsonl", "--database", database)


@pytest.mark.parametrize("name", HISTORIES)
def test_presence_at_every_seq_of_a_history_is_the_fold(name: str, sqlite_url: str) -> None:
    imported(sqlite_url, history(name))
    check_presence_everywhere(sqlite_url)


@pytest.mark.parametrize("name", [OWN, REAL[3]])
def test_presence_at_every_seq_is_the_fold_on_postgresql(name: str, postgres_url: str) -> None:
    imported(postgres_url, history(name))
    check_presence_everywhere(postgres_url)


def check_presence_everywhere(database: str) -> None:
    events = lines("history", "#ubuntu", "--limit", 10**9, "--database", database)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    found = run(presence_at_every_seq(database, len(events)))
    for event, folded, there in zip(events, fold(events), found, strict=True):
        assert {p.username: (p.sessions, p.since, p.since_seq) for p in there} == folded, event
        assert [p.username for p in there] == sorted(folded)
    for seq in (1, len(events) // 2, len(events) - 1):
        by_command = lines("users", "#ubuntu", "--at", seq, "--database", database)
        assert [user["username"] for user in by_command] == [p.username for p in found[seq - 1]]


async def presence_at_every_seq(database: str, head: int) -> list[list[Present]]:
    async with open_for_reading(database) as opened, opened.read() as connection:
        room = (await find_room(connection, "#ubuntu")).number
        return [await present_at(connection, room, seq) for seq in range(1, head + 1)]


def fold(events: list[dict[str, Any]]) -> Iterator[dict[str, tuple[int, str, int]]]:
    """Who is present after each event, from what clients see alone."""
    present: dict[str, tuple[int, str, int]] = {}
    for event in events:
        name = event["username"]
        if event.get("event") == "join":
            count, since, seq = present.get(name, (0, event["at"], event["seq"]))
            present[name] = (count + 1, since, seq)
        elif event.get("event") == "leave":
            count, since, seq = present.pop(name)
            if count > 1:
                present[name] = (count - 1, since, seq)
        yield dict(present)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_comes_back_with_the_same_bytes(
    name: str, sqlite_url: str, tmp_path: Path
) -> None:
    imported(sqlite_url, history(name))
    exported = export(sqlite_url)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    restored(other, exported, tmp_path)
    assert export(other) == exported
    assert "Verified " in chatlog("verify", "--database", other).stdout


@pytest.mark.parametrize("turned", [False, True])
def test_a_history_crosses_between_databases_with_the_same_bytes(
    sqlite_url: str, postgres_url: str, tmp_path: Path, small: Path, *, turned: bool
) -> None:
    source, target = (postgres_url, sqlite_url) if turned else (sqlite_url, postgres_url)
    imported(source, small, "#small")
    exported = export(source, "#small")
    restored(target, exported, tmp_path)
    assert export(target, "#small") == exported
    assert "Verified " in chatlog("verify", "--database", target).stdout


def test_an_import_says_what_it_brought(database_url: str, small: Path) -> None:
    said = imported(database_url, small, "#small")
    assert said == (
        "3 chats, 2 joins, 3 leaves, 1 implied join; 0 lines skipped; "
        "from 2006-12-10T09:14:00.000000Z to 2006-12-10T09:16:00.000000Z.\n"
    )
    events = lines("history", "#small", "--database", database_url)
    assert [event["seq"] for event in events] == list(range(1, 10))
    assert events[3]["message"] == "/me waves"
    assert events[-1]["cause"] == "import_ended"
    assert lines("users", "#small", "--database", database_url) == []


def test_a_further_file_goes_behind_the_first_and_an_earlier_one_is_refused(
    database_url: str, small: Path
) -> None:
    imported(database_url, small, "#small")
    later = small.rename(small.with_name("2006-12-11.small.txt"))
    imported(database_url, later, "#small")
    head = lines("rooms", "--database", database_url)[0]["head"]
    options = ("--room", "#small", "--format", "irc", "--database", database_url)
    assert "later than the file's first" in refused(
        "import", later, "--date", "2006-12-10", *options
    )
    assert "in the future" in refused("import", later, "--date", "2999-01-01", *options)
    assert lines("rooms", "--database", database_url)[0]["head"] == head


def test_an_import_needs_a_date_and_a_room_in_form(sqlite_url: str, small: Path) -> None:
    undated = small.rename(small.with_name("small.txt"))
    options = ("--format", "irc", "--database", sqlite_url)
    assert "--date" in refused("import", undated, "--room", "#small", *options)
    day = ("--date", "2006-12-10")
    assert "Room names" in refused("import", undated, "--room", "a\nb", *day, *options)


def test_an_export_goes_into_a_room_without_events_only(
    database_url: str, small: Path, tmp_path: Path
) -> None:
    imported(database_url, small, "#small")
    file = tmp_path / "export.jsonl"
    file.write_text(export(database_url, "#small"))
    options = ("--format", "jsonl", "--database", database_url)
    assert "already" in refused("import", file, *options)
    assert "import it under that name" in refused("import", file, "--room", "other", *options)


@pytest.mark.parametrize(
    "change",
    [
        lambda exported: exported.replace("waves", "waved"),
        lambda exported: exported.replace("09:15", "09:14", 1),
        lambda exported: exported.split("\n", 1)[1],
        lambda exported: exported.replace('"room":"#small","seq":3', '"room":"#big","seq":3'),
        lambda _exported: "",
        lambda _exported: "\n",
        lambda exported: exported + "{}\n",
    ],
)
def test_an_export_that_was_changed_is_refused_and_nothing_is_written(
    change: Any, database_url: str, small: Path, tmp_path: Path, sqlite_url: str
) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    imported(source, small, "#small")
    file = tmp_path / "export.jsonl"
    file.write_text(change(export(source, "#small")))
    refused("import", file, "--format", "jsonl", "--database", database_url)
    assert lines("rooms", "--database", database_url) == []
    assert "log is empty" in chatlog("verify", "--database", database_url).stdout


def test_a_name_that_the_log_has_for_somebody_else_stays_two_people(
    database_url: str, small: Path, tmp_path: Path
) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    imported(source, small, "#small")
    imported(database_url, small, "#mine")
    exported = export(source, "#small")
    restored(database_url, exported, tmp_path)
    assert export(database_url, "#small") == exported
    ids = {
        json.loads(line)["proof"]["user_id"]
        for room in ("#small", "#mine")
        for line in export(database_url, room).splitlines()
        if json.loads(line)["username"] == "ada"
    }
    assert len(ids) == 2
    assert "Verified " in chatlog("verify", "--database", database_url).stdout
    later = small.rename(small.with_name("2006-12-12.small.txt"))
    imported(database_url, later, "#mine")


def test_what_was_erased_comes_back_as_erased(database_url: str, tmp_path: Path) -> None:
    exported = "".join(f"{line.decode()}\n" for line in vectors())
    restored(database_url, exported, tmp_path)
    assert export(database_url, "general") == exported
    assert "Verified " in chatlog("verify", "--database", database_url).stdout


NEWER = [
    ('"type":"chat"', '"type":"note"', "note"),
    ('"event":"join"', '"event":"rename"', "rename"),
]


@pytest.mark.parametrize(("known", "newer", "kind"), NEWER)
def test_an_export_of_a_newer_version_is_told_from_a_damaged_one(
    known: str, newer: str, kind: str, sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(
        b"".join(line + b"\n" for line in vectors()).replace(known.encode(), newer.encode())
    )
    said = refused("import", file, "--format", "jsonl", "--database", sqlite_url)
    assert said == (
        f"chatlog: This log has events of type {kind!r}, which this version of chatlog does not "
        "know: import it with a newer version.\n"
    )


def test_an_erasure_of_events_that_are_not_before_it_is_refused(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure, salt, reason = log_vectors.EVENTS[3]
    assert isinstance(erasure, Erased)
    events = [*log_vectors.EVENTS[:3], (replace(erasure, of=(3, 4)), salt, reason)]
    monkeypatch.setattr(log_vectors, "EVENTS", events)
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in vectors()))
    said = refused("import", file, "--format", "jsonl", "--database", sqlite_url)
    assert "Line 4 is not as it was exported" in said
    assert "it erases an event that is not before it" in said
