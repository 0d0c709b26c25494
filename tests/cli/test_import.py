"""What ``chatlog import`` takes, what it says, and what it refuses before it writes."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.command import chatlog, lines, refused
from tests.cli.importing import ROOM, chats, events, heads, take
from tests.support.histories import history

DATA = Path(__file__).parents[1] / "formats" / "data"


@pytest.mark.parametrize(
    "name", ["irssi.log", "mirc.log", "weechat.log", "znc-2020-01-02.log", "hexchat.log"]
)
def test_every_dialect_is_recognised_and_tells_the_same(name: str, database_url: str) -> None:
    take(DATA / name, database_url)
    told = [e for e in events(database_url) if e["at"] < "2020-01-02T10:04"]
    jon = [(e["at"], e.get("event"), e.get("cause")) for e in told if e["username"] == "jon"]
    assert jon[0] == ("2020-01-02T10:00:00.000000Z", "join", None)
    assert jon[-1] == ("2020-01-02T10:03:00.000000Z", "leave", "disconnected")
    assert [(who, text) for _, who, text in chats(database_url)][:3] == [
        ("jon", "hello"), ("ida", "hi jon"), ("ida", "/me waves"),
    ]  # fmt: skip
    if name == "mirc.log":
        assert chats(database_url)[-1] == ("2020-03-16T09:01", "ida", "weeks later")
        there = lines("users", "#room", "--at", "2020-02-01", "--database", database_url)
        assert there == []


def test_an_import_says_from_when_to_when(sqlite_url: str) -> None:
    assert take(DATA / "corrected-clock-2020-01-02.txt", sqlite_url) == (
        "5 chats, 0 joins, 2 leaves, 2 implied joins; 0 lines skipped; "
        "from 2020-01-02T23:58:00.000000Z to 2020-01-03T00:00:00.000000Z.\n"
    )
    assert [at for at, _, _ in chats(sqlite_url)] == [
        "2020-01-02T23:58", *["2020-01-02T23:59"] * 3, "2020-01-03T00:00",
    ]  # fmt: skip


def test_who_was_kicked_or_has_left_is_no_longer_there(sqlite_url: str) -> None:
    take(DATA / "kick-2020-01-02.txt", sqlite_url)
    (left,) = [e for e in events(sqlite_url) if e.get("cause") == "kicked"]
    assert (left["at"], left["username"]) == ("2020-01-02T10:01:00.000000Z", "jon")
    there = lines("users", "#room", "--at", "2020-01-02T17:00", "--database", sqlite_url)
    assert [user["username"] for user in there] == ["ida"]


def test_who_entered_the_room_could_have_seen_what_was_said(sqlite_url: str) -> None:
    take(DATA / "entered-2020-01-02.txt", sqlite_url)
    (seq,) = [e["seq"] for e in events(sqlite_url) if e["message"] == "only for you"]
    seen = lines("witnesses", "#room", seq, "--database", sqlite_url)
    assert {user["username"] for user in seen if user["certainty"] == "open"} == {"ida", "jon"}


def test_formatting_goes_by_its_grammar(sqlite_url: str) -> None:
    take(DATA / "colours-2020-01-02.txt", sqlite_url)
    assert [text for _, _, text in chats(sqlite_url)] == ["alert: node 7 down", "3 of them"]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("2004-12-25.ubuntu.txt", "2004-12-25T18:09"),
        ("2006-12-10.ubuntu.txt", "2006-12-10T09:59"),
        ("2007-06-04.ubuntu.txt", "2007-06-04T10:59"),
        ("2010-08-15.ubuntu.txt", "2010-08-15T22:21"),
    ],
)
def test_a_real_history_has_the_right_days(name: str, last: str, sqlite_url: str) -> None:
    assert f" to {last}:00.000000Z." in take(history(name), sqlite_url)
    assert {e["at"][:10] for e in events(sqlite_url)} == {name[:10]}


def piped(source: str, database: str, *flags: str, data: bytes = b"") -> tuple[int, str, str]:
    """Run an import in a shell, which makes the pipes."""
    script = f'"$PYTHON" -m chatlog import {source} --room "#room" {" ".join(flags)}'
    done = subprocess.run(
        ["bash", "-c", script],
        input=data,
        capture_output=True,
        env={**os.environ, "PYTHON": sys.executable, "CHATLOG_DATABASE": database},
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("source", ["-", "/dev/stdin", "<(cat)"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_pipe_is_imported_once_and_whole(source: str, sqlite_url: str, *, packed: bool) -> None:
    data = (DATA / "one-minute-2020-01-02.txt").read_bytes()
    data = gzip.compress(data) if packed else data
    status, out, err = piped(source, sqlite_url, "--date", "2020-01-02", data=data)
    assert (status, out[:8], err) == (0, "2 chats,", "")
    assert piped(source, sqlite_url, data=data)[0] == 2


def test_a_fifo_is_imported_and_its_name_may_say_the_day(sqlite_url: str, tmp_path: Path) -> None:
    fifo = tmp_path / "2020-01-02.fifo"
    os.mkfifo(fifo)
    data = (DATA / "one-minute-2020-01-02.txt").read_bytes()
    writer = threading.Thread(target=lambda: fifo.write_bytes(data))
    writer.start()
    assert take(fifo, sqlite_url).startswith("2 chats")
    writer.join()


@pytest.mark.parametrize(
    ("content", "flags", "says"),
    [
        (b"", (), "is empty"),
        (b"Dear Sir,\n", (), "known formats"),
        (b"[10:00] <ida> hi\n", (), "--date"),
        (b"[10:00] <ida> hi\n", ("--date", "2020-01-02", "--timezone", "Mars/Phobos"), "time zone"),
        (b"[10:00] <ida> hi\n", ("--date", "2020-01-02", "--timezone", "../passwd"), "time zone"),
        (b"[10:00] <ida> hi\n", ("--date", "2020-01-02", "--encoding", "klingon"), "encoding"),
        (b"[10:00] <ida> hi\xff\n", ("--date", "2020-01-02", "--encoding", "utf-8"), "line 1"),
        (b"[10:00] <ida> hi\n", ("--date", "2999-01-02"), "in the future"),
        (b"[10:00] <ida> hi\n", ("--date", "2020-01-02", "--room", "a\nb"), "Room names"),
        (b"10:00 ida says hi\n", ("--format", "irssi"), "No line of the file"),
        (b"[10:00] <ida> hi\n", ("--format", "slack"), "folder"),
        (b"\x1f\x8b\x08\x00garbage", ("--date", "2020-01-02"), "damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(
    content: bytes, flags: tuple[str, ...], says: str, empty_sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "room.log"
    file.write_bytes(content)
    assert says in refused("import", file, *ROOM, *flags, "--database", empty_sqlite_url)
    assert (
        not Path(empty_sqlite_url.removeprefix("sqlite:///")).exists()
        or heads(empty_sqlite_url) == []
    )


def test_a_minute_imported_twice_is_taken_once(database_url: str) -> None:
    file = DATA / "one-minute-2020-01-02.txt"
    take(file, database_url)
    assert "--continue" in refused("import", file, *ROOM, "--database", database_url)
    assert take(file, database_url, "--continue").startswith("0 chats")
    assert len(chats(database_url)) == 2


def test_a_further_file_may_begin_in_the_minute_where_the_last_one_ended(
    sqlite_url: str, tmp_path: Path
) -> None:
    take(DATA / "one-minute-2020-01-02.txt", sqlite_url)
    further = tmp_path / "2020-01-02.log"
    further.write_text("[10:00] <ida> three\n")
    take(further, sqlite_url)
    assert [text for _, _, text in chats(sqlite_url)] == ["one", "two", "three"]


def exported_room(database: str) -> bytes:
    take(DATA / "irssi.log", database)
    return chatlog("export", "#room", "--database", database).stdout.encode()


@pytest.mark.parametrize("flags", [(), ("--format", "jsonl")])
@pytest.mark.parametrize("packed", [False, True])
def test_an_export_is_recognised_too(
    flags: tuple[str, ...], sqlite_url: str, tmp_path: Path, *, packed: bool
) -> None:
    data = exported_room(sqlite_url)
    exported = tmp_path / "room.jsonl.gz"
    exported.write_bytes(gzip.compress(data) if packed else data)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert (
        "verified and unchanged" in chatlog("import", exported, *flags, "--database", other).stdout
    )
    assert chatlog("export", "#room", "--database", other).stdout.encode() == data


def test_an_export_may_come_through_a_fifo(sqlite_url: str, tmp_path: Path) -> None:
    fifo = tmp_path / "room.fifo"
    os.mkfifo(fifo)
    data = exported_room(sqlite_url)
    writer = threading.Thread(target=lambda: fifo.write_bytes(data))
    writer.start()
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert "verified and unchanged" in chatlog("import", fifo, "--database", other).stdout
    writer.join()


@pytest.mark.parametrize("flags", [(), ("--format", "jsonl")])
def test_a_packed_export_that_is_cut_is_refused(
    flags: tuple[str, ...], sqlite_url: str, tmp_path: Path
) -> None:
    exported = tmp_path / "room.jsonl.gz"
    exported.write_bytes(gzip.compress(exported_room(sqlite_url))[:-20])
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert "damaged" in refused("import", exported, *flags, "--database", other)


def record(ts: str, text: str, **more: object) -> dict[str, object]:
    return {"type": "message", "ts": ts, "text": text, **more}


def test_a_slack_export_is_imported_a_channel_at_a_time(sqlite_url: str, tmp_path: Path) -> None:
    ida = {"id": "U1", "name": "ida", "profile": {"display_name": "Ida"}}
    (tmp_path / "users.json").write_text(json.dumps([ida, {"id": "U2", "name": "jon"}]))
    general = tmp_path / "general"
    general.mkdir()
    link = "hi <@U1> &amp; <!here> <https://a.example|look>"
    day = [
        record("1577959200.000100", "joined", user="U2", subtype="channel_join"),
        record("1577959260.000200", link, user="U2"),
        record("1577959230.5", "two\nlines", user="U1", edited={"user": "U1"}),
        record("1577959320.000000", "beep", username="robot", subtype="bot_message"),
        record("1577959380.000000", "left", user="U2", subtype="channel_leave"),
        record("1577959390.000000", "set", user="U1", subtype="channel_topic"),
        record("1577959400.000000", "from elsewhere", user="U9"),
        record("1577959410.000000", "still I", user="U9", user_profile={"name": "lin"}),
        record("1577959420.000000", "odd", user="U1", files=1, attachments=True),
    ]
    (general / "2020-01-02.json").write_text(json.dumps(day))
    assert "general" in refused("import", tmp_path, *ROOM, "--database", sqlite_url)
    take(general, sqlite_url)
    told = [(e["at"], e["username"], e.get("event"), e["message"]) for e in events(sqlite_url)]
    assert told[1:4] == [
        ("2020-01-02T10:00:30.500000Z", "ida", "join", "ida joined the room."),
        ("2020-01-02T10:00:30.500000Z", "ida", None, "two\nlines"),
        ("2020-01-02T10:01:00.000200Z", "jon", None, "hi @ida & @here look (https://a.example)"),
    ]  # fmt: skip
    assert {name for _, name, _, _ in told} == {"ida", "jon", "robot", "lin"}
    (general / "2020-01-03.json").write_text("{")
    assert "not JSON" in refused("import", general, "--room", "b", "--database", sqlite_url)


def test_a_path_to_standard_input_is_not_given_to_a_server(tmp_path: Path) -> None:
    from chatlog.cli.operating.spool import whole_file

    file = tmp_path / "x.log"
    file.write_text("[10:00] <ida> hi\n")
    with whole_file(file) as path:
        assert path == file
    opened = os.open(file, os.O_RDONLY)
    with whole_file(Path(f"/dev/fd/{opened}")) as path:
        assert path.read_text() == file.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
    os.close(opened)
    assert not path.exists()
