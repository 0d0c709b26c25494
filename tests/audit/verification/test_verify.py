"""Verify agrees with what was written, and finds every change and where it is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.command import chatlog, imported
from tests.support.damage import (
    CHAT,
    EVENTS,
    JOIN,
    LEAVE,
    LINES,
    ONE,
    SESSIONS,
    change,
    verdict,
    wrong,
)
from tests.support.histories import HISTORIES, history


def test_what_was_written_verifies(database: str) -> None:
    found = verdict(database, ok=True)
    assert [room["head"] for room in found["rooms"]] == [10, 10]
    assert found["events"] == 20
    alone = chatlog("verify", "#small", "--json", "--database", database).stdout
    assert json.loads(alone)["rooms"] == found["rooms"][:1]
    assert "20 events in 2 rooms" in chatlog("verify", "--database", database).stdout


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_verifies_and_one_changed_byte_does_not(name: str, sqlite_url: str) -> None:
    imported(sqlite_url, history(name))
    verdict(sqlite_url, ok=True)
    last = "(SELECT max(seq) FROM events WHERE type = 'chat')"
    byte = f"UPDATE events SET text = 'X' || substr(text, 2) WHERE seq = {last}"
    assert change(sqlite_url, byte) == 1
    found = verdict(sqlite_url)
    assert found["rooms"][0]["wrong"] == found["rooms"][0]["head"] + 1


@pytest.mark.parametrize("what", EVENTS)
def test_a_changed_event_is_found_where_it_is(what: str, database: str) -> None:
    to, seq = EVENTS[what]
    assert change(database, f"UPDATE events SET {to} WHERE {ONE} = {seq}") == 1
    assert wrong(verdict(database)) == seq


DAMAGED = {
    "a join without its count": (f"sessions = NULL WHERE {ONE} = {JOIN}", "it has no sessions"),
    "a join without a replay": (f"replay_from = NULL WHERE {ONE} = {JOIN}", "no replay_from"),
    "a leave without a cause": (f"cause = NULL WHERE {ONE} = {LEAVE}", "it has no cause"),
    "an erasure of nothing": ("\"of\" = NULL WHERE type = 'erasure'", "it has no of"),
    "an erasure of no seqs": ("\"of\" = '' WHERE type = 'erasure'", "invalid literal"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_event_is_a_sentence_to_its_readers(what: str, database: str) -> None:
    to, why = DAMAGED[what]
    at = ("--database", database)
    chatlog("redact", "#small", CHAT, "--by", "root", "--reason", "asked", *at)
    assert change(database, f"UPDATE events SET {to}") == 1
    assert why in next(room["why"] for room in verdict(database)["rooms"] if "why" in room)
    for command in ("history", "export"):
        said = chatlog(command, "#small", *at, status=2).stderr
        assert "of room '#small' is damaged: run `chatlog verify` for details." in said


UNDECODABLE = (
    "position", "seq", "at", "type", "version", "user_id", "node_id", "session", "sessions",
    "hash", "text_commitment", "text_salt", "text", "contents", "client_id", "replay_from",
    "last_seen_at",
)  # fmt: skip


@pytest.mark.parametrize("value", ["x'ff00'", "CAST(x'ff' AS TEXT)", "1.5"])
@pytest.mark.parametrize("column", UNDECODABLE)
def test_a_value_that_makes_no_sense_is_wrong_and_no_traceback(
    column: str, value: str, sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LINES)
    imported(sqlite_url, path, "#small")
    try:
        change(sqlite_url, f"UPDATE events SET {column} = {value} WHERE {ONE} = {CHAT}")
    except sqlite3.Error:
        return  # SQLite itself refuses it
    found = verdict(sqlite_url)
    assert "why" in found or found["rooms"][0]["wrong"] in {CHAT, 1, 2}


OTHERS = {
    "the secret removed": "DELETE FROM meta",
    "a server's last sign of life": "UPDATE nodes SET seen_at = '2006-12-10T09:15:00.000000Z'",
    "a server's end": "UPDATE nodes SET ended_at = 'never'",
    "an erasure's target": "UPDATE users SET username = NULL, salt = NULL, name_key = NULL",
    "a name": "UPDATE users SET username = 'bobby' WHERE username = 'bob'",
    "a name dropped": "UPDATE users SET username = NULL WHERE username = 'bob'",
    "a salt": "UPDATE users SET salt = commitment WHERE username = 'bob'",
    "a commitment": "UPDATE users SET commitment = salt WHERE username = 'bob'",
    "an id of a user": "UPDATE users SET uuid = 'f' || substr(uuid, 3) || 'g' WHERE id = 1",
    "a key of a name": "UPDATE users SET name_key = salt WHERE username = 'bob'",
    "an id of a room": "UPDATE rooms SET uuid = 'f' || substr(uuid, 3) || 'g' WHERE id = 1",
    "a node": "UPDATE nodes SET node = node || 'x' WHERE id = 1",
    "a name of a node": "UPDATE nodes SET name = 'other' WHERE id = 1",
    "the secret": "UPDATE meta SET value = (SELECT salt FROM users WHERE id = 1)",
    "a user removed": "DELETE FROM users WHERE username = 'bob'",
    "a node removed": "DELETE FROM nodes WHERE id = 1",
    "a room removed": "DELETE FROM rooms WHERE room = '#small'",
    "a room emptied": "DELETE FROM events WHERE room_id = 1",
    "an event removed": f"DELETE FROM events WHERE {ONE} = {CHAT}",
    "an event of no room": f"UPDATE events SET room_id = 1000 WHERE {ONE} = {CHAT}",
    "positions swapped": f"UPDATE events SET position = 1000 WHERE {ONE} = {CHAT}",
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_else_is_changed_is_found(what: str, database: str) -> None:
    assert change(database, OTHERS[what]) >= 1
    verdict(database)


BACKUP = (
    "CREATE TABLE kept_texts AS SELECT position, text, text_salt FROM events",
    "CREATE TABLE kept_names AS SELECT id, username, salt, name_key FROM users",
)
PUT_BACK = {
    "a text with its salt": "UPDATE events SET (text, text_salt) = (SELECT k.text, k.text_salt "
    "FROM kept_texts k WHERE k.position = events.position) WHERE type = 'chat' AND text IS NULL",
    "a text": "UPDATE events SET text = (SELECT k.text FROM kept_texts k "
    "WHERE k.position = events.position) WHERE type = 'chat' AND text IS NULL",
    "a text's salt": "UPDATE events SET text_salt = (SELECT k.text_salt FROM kept_texts k "
    "WHERE k.position = events.position) WHERE type = 'chat' AND text IS NULL",
    "a name with its salt": "UPDATE users SET (username, salt, name_key) = "
    "(SELECT k.username, k.salt, k.name_key FROM kept_names k WHERE k.id = users.id) "
    "WHERE username IS NULL",
    "a name": "UPDATE users SET username = (SELECT k.username FROM kept_names k "
    "WHERE k.id = users.id) WHERE username IS NULL",
    "a name's salt": "UPDATE users SET salt = (SELECT k.salt FROM kept_names k "
    "WHERE k.id = users.id) WHERE username IS NULL",
    "a name's key": "UPDATE users SET name_key = (SELECT k.name_key FROM kept_names k "
    "WHERE k.id = users.id) WHERE username IS NULL",
}


@pytest.mark.parametrize("how", ["redact", "erase-user"])
@pytest.mark.parametrize("what", PUT_BACK)
def test_erased_content_that_was_put_back_from_a_backup_is_found(
    what: str, how: str, database: str
) -> None:
    change(database, *BACKUP)
    erased = ("#small", CHAT) if how == "redact" else ("bob",)
    chatlog(how, *erased, "--reason", "asked for", "--database", database)
    verdict(database, ok=True)
    if how == "redact" and "name" in what:
        assert change(database, PUT_BACK[what]) == 0  # a redaction leaves the name
        return
    assert change(database, PUT_BACK[what]) >= 1
    assert {room["ok"] for room in verdict(database)["rooms"]} >= {False}


def test_a_name_that_was_put_back_is_found_in_each_room_by_itself(database: str) -> None:
    change(database, *BACKUP)
    chatlog("erase-user", "bob", "--reason", "asked for", "--database", database)
    change(database, PUT_BACK["a name with its salt"])
    for room in ("#small", "#other"):
        said = chatlog("verify", room, "--json", "--database", database, status=1)
        (found,) = json.loads(said.stdout)["rooms"]
        assert "has been put back" in found["why"]


def test_a_trigger_or_view_that_was_changed_is_found(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LINES)
    imported(sqlite_url, path, "#small")
    view = "CREATE VIEW audit_messages AS SELECT 1 AS position"
    for statement, name in (
        ("DROP VIEW audit_messages", "audit_messages is missing"),
        (view, "audit_messages differs"),
        ("DROP INDEX sessions_open", "sessions_open is missing"),
    ):
        change(sqlite_url, statement)
        assert name in verdict(sqlite_url)["why"]


@pytest.mark.parametrize("what", SESSIONS)
def test_a_sessions_table_that_is_not_the_fold_is_found(what: str, database: str) -> None:
    bob = f"WHERE room_id = 1 AND left_seq = {LEAVE}"
    assert change(database, f"UPDATE sessions SET {SESSIONS[what]} {bob}") == 1
    assert wrong(verdict(database)) in {2, LEAVE}


def test_a_session_too_many_or_too_few_is_found(database: str) -> None:
    columns = "room_id, user_id, node_id, joined_seq, joined_at, replay_from"
    insert = f"INSERT INTO sessions (session, {columns}) SELECT 'more', {columns} FROM sessions"
    assert change(database, f"{insert} WHERE room_id = 1 AND left_seq = {LEAVE}") == 1
    assert wrong(verdict(database)) == 10
    change(database, "DELETE FROM sessions WHERE session = 'more'")
    verdict(database, ok=True)
    assert change(database, f"DELETE FROM sessions WHERE room_id = 1 AND left_seq = {LEAVE}") == 1
    assert wrong(verdict(database)) == 2


def test_an_unknown_room_is_a_usage_error(database: str) -> None:
    assert "no room" in chatlog("verify", "nowhere", "--database", database, status=2).stderr


def test_a_file_that_is_damaged_is_status_1_and_one_sentence(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "2006-12-10.small.txt"
    path.write_text(LINES)
    imported(sqlite_url, path, "#small")
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    raw = file.read_bytes()
    page = int.from_bytes(raw[16:18])
    # The first page: all that SQLite knows of its tables; then the second half of the file.
    for begin, end in ((100, page), (len(raw) // 2, len(raw))):
        file.write_bytes(raw[:begin] + b"\xe5" * (end - begin) + raw[end:])
        said = chatlog("verify", "--database", sqlite_url, status=1)
        assert len(said.stderr.splitlines()) == 1
