"""Readers print what the contract says, change nothing and end with a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatlog.cli.output import visible
from tests.cli.command import chatlog, imported, lines, refused


def seqs(log: str, *options: object) -> list[int]:
    return [e["seq"] for e in lines("history", "#small", *options, "--database", log)]


def test_rooms(log: str) -> None:
    assert lines("rooms", "--database", log) == [
        {
            "room": "#small",
            "head": 8,
            "users": 0,
            "chats": 4,
            "created_at": "2006-12-10T09:14:00.000000Z",
            "last_at": "2006-12-10T09:17:00.000000Z",
        }
    ]
    assert "#small" in chatlog("rooms", "--database", log).stdout


def test_history_pages(log: str) -> None:
    assert seqs(log) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seqs(log, "--limit", 2) == [7, 8]
    assert seqs(log, "--limit", 2, "--before", 5) == [3, 4]
    assert seqs(log, "--limit", 2, "--before", 1) == []
    assert seqs(log, "--limit", 2, "--before", 1_000) == [7, 8]
    assert seqs(log, "--limit", 2, "--after", 5) == [6, 7]
    assert seqs(log, "--after", 1_000) == []
    assert seqs(log, "--limit", 4, "--around", 4) == [3, 4, 5, 6]
    assert seqs(log, "--limit", 4, "--around", 1) == [1, 2, 3, 4]
    assert seqs(log, "--limit", 4, "--around", 8) == [5, 6, 7, 8]
    assert seqs(log, "--limit", 10**12, "--around", 3) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seqs(log, "--types", "chat") == [2, 4, 5, 7]
    assert seqs(log, "--types", "join,leave", "--limit", 3) == [3, 6, 8]
    assert seqs(log, "--types", "chat", "--limit", 2, "--around", 4) == [4, 5]


def test_history_of_a_time_and_of_a_person(log: str) -> None:
    assert seqs(log, "--from", "2006-12-10T09:15", "--to", "2006-12-10T09:16:00Z") == [3, 4, 5, 6]
    assert seqs(log, "--from", "2006-12-10T10:15", "--tz", "Europe/Berlin", "--limit", 2) == [3, 4]
    assert seqs(log, "--to", "2006-12-10T09:15", "--limit", 2) == [3, 4]
    assert seqs(log, "--from", 2, "--to", "2006-12-10") == [2, 3, 4, 5, 6, 7, 8]
    assert seqs(log, "--from", "2006-12-11") == []
    assert seqs(log, "--username", "bob") == [3, 4, 6]
    assert seqs(log, "--username", "ada", "--types", "chat", "--limit", 2) == [5, 7]
    assert seqs(log, "--username", "bob", "--before", 6) == [3, 4]
    history = ("history", "#small", "--database", log)
    assert "no user" in refused(*history, "--username", "eve")
    assert "Give either --from" in refused(*history, "--from", 2, "--after", 1)
    assert "or a time" in refused(*history, "--from", "yesterday")


def test_all_of_a_time_is_printed_unless_a_limit_is_given(
    database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text("".join(f"[09:14] <ada> {n}\n" for n in range(700)))
    imported(database_url, path, "#small")
    assert len(seqs(database_url)) == 50
    assert len(seqs(database_url, "--from", "2006-12-10")) == 702
    assert len(seqs(database_url, "--from", "2006-12-10", "--limit", 60)) == 60


@pytest.mark.parametrize(
    ("reader", "shown"),
    [
        (("history", "#small"), "2006-12-10 10:15:00+01:00"),
        (("users", "#small", "--at", "2006-12-10T10:15"), "2006-12-10 10:15:00+01:00"),
        (("rooms",), "2006-12-10 10:17:00+01:00"),
        (("witnesses", "#small", "4"), "2006-12-10 10:14:00+01:00"),
        (("sql", "sessions-of-a-person", "--param", "username=bob"), "2006-12-10T10:15:00"),
    ],
)
def test_times_for_people_are_those_of_a_zone_and_json_is_utc(
    log: str, reader: tuple[str, ...], shown: str
) -> None:
    berlin = (*reader, "--tz", "Europe/Berlin", "--database", log)
    assert shown in chatlog(*berlin).stdout
    assert "+01:00" not in chatlog(*berlin, "--json").stdout
    assert shown not in chatlog(*reader, "--database", log).stdout
    said = refused(*reader, "--tz", "Mars/Phobos", "--database", log)
    assert "'Mars/Phobos' is not a time zone" in said


def test_history_in_json_is_what_clients_see_and_for_people_a_table(log: str) -> None:
    event = lines("history", "#small", "--after", 1, "--limit", 1, "--database", log)[0]
    assert event.keys() == {"type", "room", "seq", "hash", "at", "username", "message"}
    table = chatlog("history", "#small", "--database", log).stdout.splitlines()
    assert len(table) == 9
    assert table[2].split() == ["2", "2006-12-10", "09:14:00", "ada", "one"]


def test_users_at_a_seq_and_at_a_time(log: str) -> None:
    at = [["ada"], ["ada"], ["ada", "bob"], ["ada", "bob"], ["ada", "bob"], ["ada"], ["ada"], []]
    for seq, names in enumerate(at, 1):
        found = lines("users", "#small", "--at", seq, "--database", log)
        assert [user["username"] for user in found] == names
    times = {
        "2006-12-10T09:15": 2,
        "2006-12-10T10:15:30+01:00": 2,
        "2006-12-10": 0,
        "2999-01-01": 0,
    }
    for time, count in times.items():
        assert len(lines("users", "#small", "--at", time, "--database", log)) == count
    assert lines("users", "#small", "--at", "4", "--database", log)[1] == {
        "username": "bob",
        "sessions": 1,
        "since": "2006-12-10T09:15:00.000000Z",
        "since_seq": 3,
    }


def process(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "chatlog", *arguments]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )


def test_output_is_utf8_whatever_the_locale(sqlite_url: str, file: Path) -> None:
    file.write_text("[09:14] <ada> grüße, 世界\n")
    imported(sqlite_url, file, "#small")
    for format_ in ([], ["--json"]):
        out, err = process("history", "#small", *format_, "--database", sqlite_url).communicate()
        assert "grüße, 世界" in out.decode()
        assert err == b""


def test_a_reader_that_goes_away_is_no_failure(sqlite_url: str, file: Path) -> None:
    file.write_text("".join(f"[09:14] <ada> {'x' * 500} {n}\n" for n in range(2_000)))
    imported(sqlite_url, file, "#small")
    with process("history", "#small", "--limit", "9999", "--database", sqlite_url) as reader:
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdout.readline()
        reader.stdout.close()
        assert reader.stderr.read() == b""
        assert reader.wait() == 0


def test_tail_follows_a_room(sqlite_url: str, file: Path) -> None:
    imported(sqlite_url, file, "#small")
    with process("tail", "#small", "--limit", "1", "--json", "--database", sqlite_url) as tail:
        assert tail.stdout is not None
        assert json.loads(tail.stdout.readline())["seq"] == 8
        imported(sqlite_url, file.rename(file.with_name("2006-12-11.txt")), "#small")
        assert [json.loads(tail.stdout.readline())["seq"] for _ in range(8)] == list(range(9, 17))
        tail.terminate()


def test_tail_follows_all_rooms(sqlite_url: str, file: Path) -> None:
    imported(sqlite_url, file, "#small")
    options = ("--limit", "1", "--json", "--database", sqlite_url)
    with process("tail", "--all", *options) as tail:
        assert tail.stdout is not None
        assert json.loads(tail.stdout.readline())["seq"] == 8
        imported(sqlite_url, file, "#more")
        found = [json.loads(tail.stdout.readline()) for _ in range(8)]
        assert [(event["room"], event["seq"]) for event in found] == [
            ("#more", seq) for seq in range(1, 9)
        ]
        tail.terminate()
    for wrong in ((), ("#small", "--all"), ("--all", "--after", "1")):
        assert "Give either a ROOM" in refused("tail", *wrong, "--database", sqlite_url)


def test_tail_of_all_rooms_for_people_names_them(sqlite_url: str, file: Path) -> None:
    imported(sqlite_url, file, "#small")
    with process("tail", "--all", "--tz", "Europe/Berlin", "--database", sqlite_url) as tail:
        assert tail.stdout is not None
        found = tail.stdout.readline().decode().split()
        assert found == ["#small", "1", "2006-12-10", "10:14:00+01:00", "ada", "joined"]
        tail.stdout.close()  # while it waits
        assert tail.wait(20) == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, grüße 世界 🎉", "plain, grüße 世界 🎉"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\nb\tc", "a\\nb c"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
