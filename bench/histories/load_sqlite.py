"""Load a story into a migrated, empty SQLite file.

Triggers and indexes are set aside while the rows come in and put back as they were: with
them a million events take four times as long. The erasing comes last, under the triggers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from bench.histories.chained import COLUMNS
from bench.histories.story import Story
from bench.histories.tables import around

_CHUNK = 20_000
_NAMES = ",".join(f'"{column}"' for column in COLUMNS)
_EVENT = f"INSERT INTO events ({_NAMES}) VALUES ({','.join('?' * len(COLUMNS))})"
_ERASE = "UPDATE events SET text = NULL, text_salt = NULL WHERE room_id = ? AND seq = ?"


def load(story: Story, path: Path, progress: Callable[[int], None]) -> None:
    """Write the whole story; call ``progress`` with the number of events so far."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("SELECT EXISTS (SELECT 1 FROM events)").fetchone()[0]:
            raise SystemExit(f"{path} has events already: a made-up log starts empty.")
        connection.execute("BEGIN")
        set_aside = _set_aside(connection)
        _events(connection, story, progress)
        _others(connection, story)
        for statement in set_aside:
            connection.execute(statement)
        connection.executemany(_ERASE, story.redacted)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _set_aside(connection: sqlite3.Connection) -> list[str]:
    """Drop the triggers and indexes; return what makes them again."""
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_master "
        "WHERE type IN ('trigger', 'index') AND sql IS NOT NULL ORDER BY type"
    ).fetchall()
    # With an index go its statistics, by which queries are planned.
    connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM sqlite_stat1")
    for kind, name, _ in found:
        connection.execute(f'DROP {kind} "{name}"')
    statistics = ["DELETE FROM sqlite_stat1", "INSERT INTO sqlite_stat1 SELECT * FROM kept"]
    return [sql for _, _, sql in found] + statistics


def _events(connection: sqlite3.Connection, story: Story, progress: Callable[[int], None]) -> None:
    rows, written = story.events(), 0
    while chunk := list(islice(rows, _CHUNK)):
        connection.executemany(_EVENT, chunk)
        written += len(chunk)
        progress(written)


def _others(connection: sqlite3.Connection, story: Story) -> None:
    [secret] = connection.execute("SELECT value FROM meta WHERE name = 'name_secret'").fetchone()
    for table, rows in around(story, secret).items():
        marks = ",".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
