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
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.selection import Selection, read_selected
from chatlog.domain.proof import Proved
from chatlog.service import exporting
from chatlog.wire.spreadsheet import defused
from tests.cli.command import chatlog, imported, refused
from tests.test_log_format import verdict as verdict_of_the_document

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
    assert "nobody" in refused("export", "#small", "--username", "eve", "--database", database)
    chatlog("export", "#small", "--types", "shout", "--database", database, status=2)


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
        connection: AsyncConnection, selection: Selection, after: int, *, limit: int
    ) -> list[Proved]:
        if after and left:
            await asyncio.to_thread(erase)
        return await read_selected(connection, selection, after, limit=limit)

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
