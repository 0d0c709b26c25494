"""Histories that are imported are told by the log as by the file, event by event."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import imported, lines
from tests.flows.irc_story import Happening, read_story
from tests.support.histories import HISTORIES, history

Told = tuple[str, Happening]

TWELVE_HOURS = """\
[09:14] <ada> morning
=== bob [~b@h] has joined #u
=== bob shrugs
[11:59] <bob> nearly noon
[00:01] <ada> past noon
[00:00] <ada> a corrected clock
=== bob was kicked off #u by ada (enough)
[05:00] <ada> still here
[11:58] <ada> nearly midnight
=== ada [~a@h] has quit [bob has joined #u]
[00:02] <cyd> the next day
=== cyd is now known as dan
[00:02] <dan> bye
"""


def told_by_log(database: str) -> list[Told]:
    told = []
    for event in lines("history", "#ubuntu", "--limit", 10**6, "--database", database):
        what = event.get("event", event["type"])
        text = "" if what == "join" else str(event.get("cause") or event["message"])
        told.append((event["at"][:16], Happening(what, event["username"], text)))
    return told


def told_by_file(file: Path) -> list[Told]:
    story = read_story(file.read_bytes(), file.name[:10])
    ended = [Happening("leave", name, "import_ended") for name in story.present]
    times = [*story.times, *[story.now] * len(ended)]
    return list(zip(times, [*story.happenings, *ended], strict=True))


@pytest.mark.parametrize("name", HISTORIES)
def test_an_import_tells_what_a_second_reading_of_the_file_tells(
    name: str, sqlite_url: str
) -> None:
    file = history(name)
    imported(sqlite_url, file)
    assert told_by_log(sqlite_url) == told_by_file(file)


def test_both_readings_know_clocks_of_twelve_hours_kicks_and_old_actions(
    sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "2004-12-25.txt"
    file.write_text(TWELVE_HOURS)
    imported(sqlite_url, file)
    told = told_by_log(sqlite_url)
    assert told == told_by_file(file)
    assert ("2004-12-25T12:01", Happening("leave", "bob", "kicked")) in told
    assert ("2004-12-25T09:14", Happening("chat", "bob", "/me shrugs")) in told
    assert ("2004-12-26T00:02", Happening("chat", "dan", "bye")) in told
