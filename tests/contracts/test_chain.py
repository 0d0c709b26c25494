"""The hash chain, recomputed from the tables by code that shares nothing with chatlog's."""

from __future__ import annotations

from hashlib import sha256
from itertools import groupby
from typing import Any

from chatlog.kinds.chat import Post
from chatlog.kinds.leave import Leave
from tests.support.logbook import Log, join, leave

ROWS = """
    SELECT events.*, rooms.uuid AS room_uuid, rooms.room, users.uuid AS user_uuid,
           users.commitment, users.salt, users.username, nodes.node
    FROM events JOIN rooms ON rooms.id = events.room_id JOIN users ON users.id = events.user_id
    JOIN nodes ON nodes.id = events.node_id
    ORDER BY rooms.room, events.seq
"""
HEADER = (
    "type",
    "room_uuid",
    "seq",
    "at",
    "user_uuid",
    "node",
    "session",
    "client_id",
    "cause",
    "last_seen_at",
    "sessions",
    "replay_from",
    "of",
    "commitment",
    "text_commitment",
)


def hash_of(previous: bytes, row: dict[str, Any]) -> bytes:
    header = b""
    for value in ("chatlog-1", *(row[name] for name in HEADER)):
        if value is None:
            header += b"\xff" * 4
        else:
            raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            header += len(raw).to_bytes(4, "big") + raw
    return sha256(previous + header).digest()


def broken(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return where stored hashes or commitments are not what the rows say."""
    found = []
    for room, events in groupby(rows, key=lambda row: str(row["room"])):
        previous = bytes(32)
        for row in events:
            previous_stored, previous = bytes(row["hash"]), hash_of(previous, row)
            content = [("username", "salt", "commitment"), ("text", "text_salt", "text_commitment")]
            kept = all(
                row[text] is None
                or sha256(bytes(row[salt]) + row[text].encode()).digest() == bytes(row[stands])
                for text, salt, stands in content
            )
            if previous_stored != previous or not kept:
                found.append((room, row["seq"]))
    return found


async def write_something(log: Log) -> None:
    ada, bob = join("general", "ada", backlog=50), join("général", "bob", backlog=3)
    seen = "2026-01-01T00:00:00.000000Z"
    await log.record(ada, Post("general", ada.session, "hello\n\twörld 🎉", "c-1"), bob)
    await log.record(
        Post("general", ada.session, "no id"),
        leave("general", ada.session),
        Leave("général", bob.session, "lapsed", last_seen_at=seen),
        join("general", "ada"),
    )


async def test_every_room_is_a_chain_from_its_first_event_on(log: Log) -> None:
    await write_something(log)
    rows = await log.table(ROWS)
    assert len(rows) == 7
    assert broken(rows) == []
    assert [bytes(row["hash"]) for row in rows if row["room"] == "general"] == [
        event.hash for event in await log.events() if event.room == "general"
    ]


async def test_the_chain_still_verifies_after_content_was_erased(log: Log) -> None:
    await write_something(log)
    await log.change("UPDATE events SET text = NULL, text_salt = NULL WHERE client_id = 'c-1'")
    await log.change(
        "UPDATE users SET username = NULL, salt = NULL, name_key = NULL WHERE username = 'bob'"
    )
    assert broken(await log.table(ROWS)) == []


async def test_any_changed_column_breaks_the_chain_where_it_was_changed(log: Log) -> None:
    await write_something(log)
    rows = await log.table(ROWS)
    changed = {"text": "hallo", "at": "2000-01-01T00:00:00.000000Z", "session": "another"}
    for column, value in changed.items():
        tampered = [dict(row) for row in rows]
        tampered[1][column] = value
        assert broken(tampered)[0] == ("general", 2), column
    assert broken(rows[:1] + rows[2:])[0] == ("general", 3)


async def test_salts_are_never_used_twice(log: Log) -> None:
    await write_something(log)
    found = await log.table("SELECT text_salt AS salt FROM events UNION ALL SELECT salt FROM users")
    salts = [bytes(row["salt"]) for row in found if row["salt"] is not None]
    assert len(set(salts)) == len(salts) == 4
    assert {len(salt) for salt in salts} == {16}
