"""An export can be filtered, opened in a spreadsheet, and checked against its manifest."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.paging.room_rows import Row, Shared
from chatlog.audit.paging.selection import Selection, read_selected
from chatlog.readers import exporting
from chatlog.wire.spreadsheet import defused
from tests.cli.command import chatlog, imported, refused
from tests.support.document import verdict as verdict_of_the_document

CHATLOG = Path(sys.executable).with_name("chatlog")

LINES = """\
=== ada [h] has joined #small
[09:14] <bob> =HYPERLINK("http://example.org","you, there")
[09:15] <ada> -1+1
[09:16] <bob> fine, "quoted"
[09:17] <ada> @bob
"""


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LINES)
    imported(database_url, path, "#small")
    return database_url


def rows(database: str, *options: object) -> list[dict[str, str]]:
    said = chatlog("export", "#small", "--format", "csv", *options, "--database", database)
    return list(csv.DictReader(io.StringIO(said.stdout, newline="")))


def exported(database: str, *options: object) -> list[dict[str, Any]]:
    said = chatlog("export", "#small", *options, "--database", database).stdout
    return [json.loads(line) for line in said.splitlines()]


def test_a_spreadsheet_finds_no_formula(database: str) -> None:
    found = rows(database)
    assert [row["seq"] for row in found] == [str(seq) for seq in range(1, len(found) + 1)]
    messages = [row["message"] for row in found if row["type"] == "chat"]
    assert messages == [
        '\'=HYPERLINK("http://example.org","you, there")', "'-1+1", 'fine, "quoted"', "'@bob"
    ]  # fmt: skip
    assert not [cell for row in found for cell in row.values() if cell[:1] in tuple("=+-@\t\r")]


def test_every_cell_is_quoted_so_that_no_other_separator_begins_one(database: str) -> None:
    said = chatlog("export", "#small", "--format", "csv", "--database", database).stdout_bytes
    for line in said.decode().removesuffix("\r\n").split("\r\n"):
        assert line[0] == line[-1] == '"'
        assert re.fullmatch(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*', line), line


@pytest.mark.parametrize("before", [" ", "\u00a0\u3000", "\u200b", "\ufeff", "\0", " \t", "\u2028"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\ufe63", "\u207a"])
def test_nothing_invisible_hides_a_formula(before: str, start: str) -> None:
    assert defused(f"{before}{start}1") == f"'{before}{start}1"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_what_begins_like_a_formula_is_defused(start: str) -> None:
    assert defused(f"{start}1") == f"'{start}1"
    assert defused(f"1{start}") == f"1{start}"


def test_filters_are_by_time_person_and_type(database: str) -> None:
    every = exported(database)
    assert exported(database, "--from", 2, "--to", 4) == every[1:4]
    at = ("--from", "2006-12-10T09:15", "--to", "2006-12-10T09:16:00Z")
    assert exported(database, *at) == [e for e in every if e["at"][11:16] in {"09:15", "09:16"}]
    assert exported(database, "--from", "2007-01-01") == []
    assert exported(database, "--to", "2005-01-01") == []
    bob = exported(database, "--username", "bob", "--types", "chat,leave")
    assert bob == [e for e in every if e["username"] == "bob" and e.get("event") != "join"]
    assert len(bob) == 3
    assert "no user" in refused("export", "#small", "--username", "eve", "--database", database)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_manifest_says_what_the_file_holds(database: str, tmp_path: Path, kind: str) -> None:
    manifest = tmp_path / "manifest.json"
    options = ("--format", kind, "--manifest", manifest, "--database", database)
    text = chatlog("export", "#small", *options).stdout_bytes
    said = json.loads(manifest.read_text())
    assert said["sha256"] == hashlib.sha256(text).hexdigest()
    assert said["bytes"] == len(text)
    assert (said["first"], said["last"], said["head"], said["events"]) == (1, 8, 8, 8)
    assert said["counts"] == {"chat": 4, "join": 2, "leave": 2}
    assert said["head_hash"] == exported(database)[-1]["proof"]["hash"]
    assert said["is_whole"] is True
    chatlog("export", "#small", "--types", "chat", *options)
    said = json.loads(manifest.read_text())
    assert (said["is_whole"], said["filters"], said["events"]) == (False, {"types": "chat"}, 4)


def test_a_part_of_a_room_is_not_imported(sqlite_url: str, database: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    file, manifest = tmp_path / "part.jsonl", tmp_path / "part.manifest"
    for filters in (("--types", "chat"), ("--from", 3), ("--username", "bob")):
        options = (*filters, "--manifest", manifest, "--database", database)
        file.write_bytes(chatlog("export", "#small", *options).stdout_bytes)
        into = ("import", file, "--format", "jsonl", "--database", other)
        assert "without filters" in refused(*into)
        assert "without filters" in refused(*into, "--manifest", manifest)
    options = ("--to", 5, "--manifest", manifest, "--database", database)
    file.write_bytes(chatlog("export", "#small", *options).stdout_bytes)
    assert "without filters" in refused(*into, "--manifest", manifest)
    options = ("--manifest", manifest, "--database", database)
    whole = chatlog("export", "#small", *options).stdout_bytes
    file.write_bytes(whole.replace(b"fine", b"wine"))
    assert "SHA-256" in refused(*into, "--manifest", manifest)
    file.write_bytes(whole)
    assert "8 events" in chatlog(*into, "--manifest", manifest).stdout


@pytest.mark.parametrize("often", [1, 20])
def test_an_export_that_an_erasure_comes_into_is_of_one_moment_and_verifies(
    often: int, database: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Before the second page is read, one of its texts is erased; the next time a person, …
    left = [("redact", "#small", "6"), ("erase-user", "bob")]
    left += [("redact", "#small", "4"), ("erase-user", "ada")]
    left = left[: often or None]
    monkeypatch.setattr(exporting, "PAGE", 4)

    def erase() -> None:
        options = ("--reason", "asked for", "--database", database)
        subprocess.run([CHATLOG, *left.pop(0), *options], check=True)

    async def read_and_erase(
        connection: AsyncConnection,
        selection: Selection,
        after: int,
        shared: Shared,
        *,
        limit: int,
    ) -> Sequence[Row]:
        if after and left:
            await asyncio.to_thread(erase)
        return await read_selected(connection, selection, after, shared, limit=limit)

    monkeypatch.setattr(exporting, "read_selected", read_and_erase)
    manifest = tmp_path / "manifest.json"
    said = chatlog("export", "#small", "--manifest", manifest, "--database", database).stdout_bytes
    assert not left
    found = json.loads(manifest.read_bytes())
    assert found["is_whole"] is True
    assert found["sha256"] == hashlib.sha256(said).hexdigest()
    file = tmp_path / "export.jsonl"
    file.write_bytes(said)
    assert verdict_of_the_document(tmp_path, said.splitlines()).returncode == 0
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    options = ("--format", "jsonl", "--manifest", manifest, "--database", elsewhere)
    chatlog("import", file, "--room", "#small", *options)


@pytest.fixture
def november(database_url: str, tmp_path: Path) -> str:
    """A room in which something was said on both sides of the ends of a month."""
    for day, text in {
        "2025-11-01": "[00:00] <ann> first of November\n",
        "2025-11-30": "[10:00] <ann> last, morning\n"
        "[22:59] <ann> last, evening\n[23:59] <ann> last\n",
        "2025-12-01": "[00:00] <ann> December\n",
    }.items():
        path = tmp_path / f"{day}.small.txt"
        path.write_text(text)
        imported(database_url, path, "#small")
    return database_url


CHATS = ("--types", "chat")


def said(database: str, *options: object) -> list[str]:
    return [event["message"] for event in exported(database, *CHATS, *options)]


def test_a_date_as_an_end_is_its_whole_day(november: str) -> None:
    range_ = ("--from", "2025-11-01", "--to", "2025-11-30")
    assert said(november, *range_) == [
        "first of November",
        "last, morning",
        "last, evening",
        "last",
    ]
    assert said(november, "--from", "2025-11-30", "--to", "2025-11-30") == [
        "last, morning", "last, evening", "last"
    ]  # fmt: skip
    assert said(november, "--to", "2025-11-29") == ["first of November"]
    assert said(november, "--from", "2025-11-30", "--to", "2025-11-30T10:00") == ["last, morning"]


def test_a_day_is_that_of_the_zone_asked_for_as_are_the_times_in_the_table(november: str) -> None:
    berlin = ("--tz", "Europe/Berlin", *CHATS)
    found = rows(november, *berlin, "--from", "2025-11-30", "--to", "2025-11-30")
    assert [row["message"] for row in found] == ["last, morning", "last, evening"]
    assert [row["at"][:16] + row["at"][26:] for row in found] == [
        "2025-11-30T11:00+01:00", "2025-11-30T23:59+01:00"
    ]  # fmt: skip
    assert rows(november, *CHATS)[0]["at"] == "2025-11-01T00:00:00.000000Z"
    assert rows(november, "--tz", "UTC", *CHATS) == rows(november, *CHATS)
    [morning] = rows(november, *berlin, "--from", "2025-11-30T11:00", "--to", "2025-11-30T11:00")
    assert morning["message"] == "last, morning"


def test_a_byte_order_mark_is_the_first_thing_of_a_table_that_asks_for_it(
    november: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    options = ("export", "#small", "--format", "csv", "--manifest", manifest)
    plain = chatlog(*options, "--database", november).stdout_bytes
    marked = chatlog(*options, "--bom", "--database", november).stdout_bytes
    assert marked == b"\xef\xbb\xbf" + plain
    told = json.loads(manifest.read_bytes())
    assert told["sha256"] == hashlib.sha256(marked).hexdigest()
    assert told["bytes"] == len(marked)


def test_the_manifest_says_the_range_and_its_zone(november: str, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    options = ("export", "#small", "--manifest", manifest, "--database", november)
    chatlog(*options, "--format", "csv", "--tz", "Europe/Berlin", "--from", 2, "--to", "2025-11-30")
    told = json.loads(manifest.read_bytes())
    assert told["filters"] == {"from": "2", "to": "2025-11-30"}
    assert told["timezone"] == "Europe/Berlin"
    assert told["range"] == {"from": 2, "to": "2025-11-30T22:59:59.999999Z"}
    chatlog(*options)
    told = json.loads(manifest.read_bytes())
    assert (told["timezone"], told["range"]) == ("UTC", {})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--bom",), "--bom needs --format csv"),
        (("--tz", "Europe/Berlin"), "--tz needs --format csv"),
        (("--format", "csv", "--tz", "Mars/Phobos"), "'Mars/Phobos' is not a time zone"),
        (("--to", "2025-11"), "Give a seq (41), a date (2026-11-22) or a time"),
        (("--from", "2025-W48"), "Give a seq (41), a date (2026-11-22) or a time"),
        (("--to", "2025-11-31"), "Give a seq (41), a date (2026-11-22) or a time"),
    ],
)
def test_a_range_or_a_form_that_cannot_be_is_refused_with_a_sentence(
    options: tuple[str, ...], sentence: str, november: str
) -> None:
    assert sentence in refused("export", "#small", *options, "--database", november)


def test_people_at_a_date_are_those_of_its_first_moment(november: str) -> None:
    for at in ("2025-11-30", "2025-11-30T00:00"):
        assert chatlog("users", "#small", "--at", at, "--json", "--database", november).stdout == ""
