"""What a reader or a command cannot do is one sentence, and nothing is made or changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatlog.databases.sqlite.lockfile import LockFile
from tests.cli.command import imported, lines, refused

READERS = (
    ("rooms",),
    ("history", "#small"),
    ("users", "#small"),
    ("verify",),
    ("export", "#small"),
)
CHANGES = (
    ("redact", "#small", "2", "--reason", "why"),
    ("erase-user", "ada", "--reason", "why"),
    ("retention", "#small", "--days", "1"),
)


def test_bad_usage_is_a_sentence(log: str) -> None:
    assert "no room" in refused("users", "nowhere", "--database", log)
    assert "last seq is 8" in refused("users", "#small", "--at", 9, "--database", log)
    assert "or a time" in refused("users", "#small", "--at", "noon", "--database", log)
    history = ("history", "#small", "--database", log)
    assert "at most one" in refused(*history, "--before", 1, "--after", 1)
    unknown = "There are no events of type 'shout', only chat, join, leave, erasure, room, member."
    for command in ("history", "export"):
        said = refused(command, "#small", "--database", log, "--types", "chat,shout")
        assert unknown in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("--nonsense",),
        ("history",),
        ("rooms", "--nonsense"),
        ("history", "#small", "--limit", 0),
        ("import", "/nowhere", "--room", "#small", "--format", "irc"),
        ("import", os.devnull, "--room", "#small"),
        ("redact", "#small", 1),
        ("serve", "--port", 70_000),
        ("serve", "--max-batch", 0),
    ],
)
def test_a_wrong_command_line_is_a_sentence(arguments: tuple[object, ...]) -> None:
    refused(*arguments)


@pytest.mark.parametrize(
    "reader",
    [
        ("history", "\udcff"),
        ("users", "\udcff"),
        ("verify", "\udcff"),
        ("export", "\udcff"),
        ("tail", "\udcff"),
        ("witnesses", "\udcff", 1),
        ("export", "#small", "--username", "\udcff"),
        ("sql", "rooms-of-a-person", "--param", "username=\udcff"),
        ("erase-user", "\udcff", "--reason", "why"),
        ("redact", "\udcff", 1, "--reason", "why"),
    ],
)
def test_an_argument_that_is_no_text_is_a_sentence(log: str, reader: tuple[str, ...]) -> None:
    refused(*reader, "--database", log)


@pytest.mark.parametrize("reader", [*READERS, *CHANGES])
def test_a_missing_database_is_a_sentence_and_is_not_made(
    reader: tuple[str, ...], empty_sqlite_url: str, tmp_path: Path
) -> None:
    assert "no database" in refused(*reader, "--database", empty_sqlite_url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://localhost/x",
        "sqlite://",
        "postgresql://nobody@127.0.0.1:1/x",
        "postgresql://nobody@/x?host=/nowhere",
    ],
)
def test_an_unreachable_database_is_a_sentence(url: str) -> None:
    refused("rooms", "--database", url)
    assert "chatlog: [Errno" not in refused("migrate", "--database", url)


def test_a_file_that_is_no_log_is_a_sentence(tmp_path: Path, empty_postgres_url: str) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"not a database at all" * 100)
    refused("rooms", "--database", f"sqlite:///{other}")
    other.write_bytes(b"")
    assert "chatlog migrate" in refused("rooms", "--database", f"sqlite:///{other}")
    for command in (("rooms",), *CHANGES):
        assert "chatlog migrate" in refused(*command, "--database", empty_postgres_url)


def test_a_reader_works_and_a_writer_names_the_process_beside_a_server(
    sqlite_url: str, file: Path
) -> None:
    imported(sqlite_url, file, "#small")
    server = LockFile(Path(sqlite_url.removeprefix("sqlite:///"))).take()
    try:
        found = lines("history", "#small", "--limit", 1, "--database", sqlite_url)
        assert [event["seq"] for event in found] == [8]
        writing = ("--room", "#more", "--format", "irc", "--database", sqlite_url)
        assert f"process {os.getpid()}" in refused("import", file, *writing)
        assert f"process {os.getpid()}" in refused("migrate", "--database", sqlite_url)
    finally:
        server.release()


def test_where_the_database_is_said(
    sqlite_url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(sqlite_url, file, "#small")
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    assert len(lines("rooms")) == 1
    monkeypatch.setenv("CHATLOG_DATABASE", "sqlite:////nowhere/a.db")
    assert "/nowhere/a.db" in refused("rooms")
    assert len(lines("--database", sqlite_url, "rooms")) == 1
    assert "/nowhere/b.db" in refused(
        "--database", sqlite_url, "rooms", "--database", "sqlite:////nowhere/b.db"
    )
