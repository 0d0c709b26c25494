"""A transcript shows a room's events to whoever prints it, and runs nothing."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.command import chatlog, imported, refused

LINES = """\
=== ada [h] has joined #small
[09:14] <bob> <script>alert(1)</script> & "x" </td>
[09:15] <ada> a card number
[09:16] <bob> bye
"""


class Rows(HTMLParser):
    """The tags of a page, and the texts of its cells by row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.rstrip("\n")


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LINES)
    imported(database_url, path, "#small")
    chatlog("redact", "#small", 4, "--reason", "paid", "--by", "root", "--database", database_url)
    return database_url


def transcript(database: str, *options: object) -> str:
    return chatlog("export", "#small", "--format", "html", *options, "--database", database).stdout


def test_every_event_is_shown_with_local_time_and_what_was_erased(database: str) -> None:
    page = transcript(database, "--tz", "Asia/Kolkata")
    rows = [row for row in Rows(page).rows if row]
    exported = chatlog("export", "#small", "--database", database).stdout.splitlines()
    events = [json.loads(line) for line in exported]
    assert [int(row[0]) for row in rows] == [event["seq"] for event in events]
    assert rows[2][1:] == [
        "2006-12-10 14:44:00 +05:30",
        "bob",
        '<script>alert(1)</script> & "x" </td>',
    ]
    assert rows[3][2:] == ["ada", "(erased)"]
    assert rows[0][2:] == ["ada", "joined"]
    assert rows[-1][2:] == ["root", "erased 4: paid"]
    head = events[-1]
    assert f"Events 1 to {head['seq']}</bdi>. Times: Asia/Kolkata." in page
    assert f"event {head['seq']}, hash <code>{head['proof']['hash']}</code>" in page


def test_nothing_in_it_runs_or_is_fetched(database: str) -> None:
    page = transcript(database)
    assert Rows(page).tags == {
        *("html", "head", "meta", "title", "style", "body", "table", "col", "thead", "tbody"),
        *("tr", "th", "td", "b", "br", "bdi", "code"),
    }
    assert "default-src 'none'" in page
    assert not [word for word in ("url(", "@import", "href", "src=") if word in page]


def test_a_selection_says_that_it_is_one_and_its_manifest_fits(
    database: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    options = ("--from", 2, "--to", 3, "--username", "bob", "--manifest", manifest)
    page = transcript(database, *options)
    assert "Events 2 to 3, a selection by from 2, to 3, username bob" in page
    assert [row[0] for row in Rows(page).rows if row] == ["2", "3"]
    said = json.loads(manifest.read_text())
    assert (said["kind"], said["bytes"], said["is_whole"]) == ("html", len(page.encode()), False)
    assert "--bom needs" in refused(
        "export", "#small", "--format", "html", "--bom", "--database", database
    )
