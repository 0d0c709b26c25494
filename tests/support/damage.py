"""A small log, ways to change it behind the program's back, and the verdict on it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from chatlog.databases.database import Database
from tests.cli.command import chatlog, imported

LINES = """\
=== ada [h] has joined #small
[09:14] <bob> hello
[09:15]  * bob waves
=== bob is now known as rob
[09:16] <ada> grüße, 世界 🎉
[09:17] <ada> bye
"""
CHAT, LEAVE, JOIN = 4, 5, 6
"""Seqs in that room: bob waves, bob leaves, rob joins."""

ONE = "room_id = (SELECT id FROM rooms WHERE room = '#small') AND seq"
EVENTS = {
    "seq": ("seq = 1000", CHAT),
    "at, later": ("at = '2006-12-10T09:15:00.000001Z'", CHAT),
    "at, earlier": ("at = '2006-12-10T09:14:00.000000Z'", CHAT),
    "at, no time": ("at = 'yesterday'", CHAT),
    "type": ("type = 'leave'", CHAT),
    "type unknown": ("type = 'shout'", CHAT),
    "version": ("version = 2", CHAT),
    "user": ("user_id = (SELECT id FROM users WHERE username = 'ada')", CHAT),
    "no user": ("user_id = 1000", CHAT),
    "node": ("node_id = (SELECT max(id) FROM nodes)", CHAT),
    "no node": ("node_id = 1000", CHAT),
    "session": ("session = 'other'", CHAT),
    "no session": ("session = NULL", CHAT),
    "client id": ("client_id = 'c-1'", CHAT),
    "cause": ("cause = 'kicked'", LEAVE),
    "cause of a chat": ("cause = 'left'", CHAT),
    "last sign of life": ("last_seen_at = at", LEAVE),
    "count of sessions": ("sessions = sessions + 1", LEAVE),
    "start of the replay": ("replay_from = 1", JOIN),
    "what is erased": ("\"of\" = '1'", CHAT),
    "hash": ("hash = text_commitment", CHAT),
    "commitment": ("text_commitment = hash", CHAT),
    "no commitment": ("text_commitment = NULL", CHAT),
    "salt": ("text_salt = hash", CHAT),
    "no salt": ("text_salt = NULL", CHAT),
    "text": ("text = '/me waves.'", CHAT),
    "no text": ("text = NULL", CHAT),
    "text dropped without a word": ("text = NULL, text_salt = NULL", CHAT),
    "text and its seal": ("text = NULL, text_salt = NULL, text_commitment = NULL", CHAT),
    "text of a join": ("text = 'hello'", JOIN),
    "content of a chat": (
        f'contents = \'{{"aside":{{"salt":"{"0" * 32}","content":"?"}}}}\'',
        CHAT,
    ),
    "no further contents": ("contents = '{}'", CHAT),
    "details": ("details = '{}'", CHAT),
    "commitments of a chat": (f'details = \'{{"commitments":{{"aside":"{"0" * 64}"}}}}\'', CHAT),
}
"""Changes of an event, each with the seq at which it is made."""

SESSIONS = {
    "user": "user_id = (SELECT id FROM users WHERE username = 'ada')",
    "node": "node_id = (SELECT max(id) FROM nodes)",
    "room": "room_id = 1000",
    "begin": "joined_seq = 3",
    "time of its begin": "joined_at = '2006-12-10T09:13:00.000000Z'",
    "replay": "replay_from = 1",
    "end": "left_seq = 9",
    "time of its end": "left_at = '2006-12-10T09:18:00.000000Z'",
    "still open": "left_seq = NULL, left_at = NULL, cause = NULL",
    "cause": "cause = 'kicked'",
    "last sign of life": "last_seen_at = joined_at",
    "id": "session = 'other'",
}
"""Changes of a row of the table of sessions."""


def two_small_rooms(url: str, folder: Path) -> str:
    """Import a small room, and a second one behind it; return the database's URL."""
    path = folder / "2006-12-10.small.txt"
    path.write_text(LINES)
    for room in ("#small", "#other"):
        imported(url, path, room)
    return url


def change(url: str, *statements: str) -> int:
    """Change the database as a thief would, nothing being protected; return the rows."""
    if url.startswith("sqlite:"):
        return _change_file(url.removeprefix("sqlite:///"), statements)
    return asyncio.run(_change(url, statements))


async def _change(url: str, statements: tuple[str, ...]) -> int:
    database = Database(url)
    async with database.write() as connection:
        await connection.exec_driver_sql("SET session_replication_role = replica")
        found = [await connection.exec_driver_sql(statement) for statement in statements]
        await connection.commit()
    await database.dispose()
    return sum(result.rowcount for result in found)


def _change_file(path: str, statements: tuple[str, ...]) -> int:
    with closing(sqlite3.connect(path)) as connection, connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        changed = sum(connection.execute(statement).rowcount for statement in statements)
        for _, sql in triggers:
            connection.execute(sql)
        return changed


def verdict(url: str, *, ok: bool = False) -> dict[str, Any]:
    said = chatlog("verify", "--json", "--database", url, status=0 if ok else 1)
    found: dict[str, Any] = json.loads(said.stdout)
    assert found["ok"] is ok
    assert len(said.stderr.splitlines()) == (0 if ok else 1)
    return found


def wrong(found: dict[str, Any], room: str = "#small") -> int | None:
    """The first wrong seq of a room; the other room must be right."""
    seqs = {room["room"]: room.get("wrong") for room in found["rooms"]}
    seq: int | None = seqs.pop(room)
    assert not any(seqs.values()), found
    return seq
