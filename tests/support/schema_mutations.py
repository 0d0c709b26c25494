"""Mutations of what protects a SQLite log and what shows it, and erased content put back.

A log whose triggers are gone still answers as before. So what such a mutation is said to
be begins with ``PROTECTION``: it is missed unless verify finds it.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

PROTECTION = "protection: "
BACKUP = "unerased.db"
"""The log before its erasures, beside each copy that is mutated."""

_ROWS = "SELECT rowid, name, tbl_name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL"
_NOTHING = "AFTER INSERT ON {table} BEGIN SELECT 1; END"


def change_schema(path: Path, chance: random.Random) -> str:
    """Change in one way what the file defines; return in words how."""
    how = chance.choice(_WAYS)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA writable_schema = ON")
        try:
            return how(connection, chance)
        except sqlite3.DatabaseError as error:
            return f"refused: {error}"


def put_back(path: Path, chance: random.Random) -> str:
    """Put erased content back from the backup, some or all of what belongs together."""
    table, columns, key = chance.choice(
        [
            ("events", ["text", "text_salt"], "position"),
            ("users", ["username", "salt", "name_key"], "id"),
        ]
    )
    some = columns if chance.random() < 0.6 else chance.sample(columns, chance.randint(1, 2))
    names = ", ".join(some)
    was = f"SELECT {names} FROM backup.{table} AS b WHERE b.{key} = {table}.{key}"
    gone = f"{columns[0]} IS NULL AND (SELECT b.{columns[0]} FROM backup.{table} AS b "
    gone += f"WHERE b.{key} = {table}.{key}) IS NOT NULL"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        triggers = _rows(connection, "trigger")
        for _, name, *_ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.commit()
        connection.execute(f"ATTACH '{path.with_name(BACKUP)}' AS backup")
        rows = [row for (row,) in connection.execute(f"SELECT {key} FROM {table} WHERE {gone}")]
        row = chance.choice(rows)
        connection.execute(f"UPDATE {table} SET ({names}) = ({was}) WHERE {key} = ?", (row,))
        for *_, sql in triggers:
            connection.execute(sql)
    return f"{PROTECTION}{names} of row {row} of {table} put back"


def _rows(connection: sqlite3.Connection, kind: str) -> list[tuple[int, str, str, str]]:
    found = connection.execute(_ROWS, (kind,)).fetchall()
    return [row for row in found if not row[1].startswith("sqlite_")]


def _any(
    connection: sqlite3.Connection, chance: random.Random, *kinds: str
) -> tuple[str, int, str, str, str]:
    kind = chance.choice(kinds or ("table", "index", "trigger", "view"))
    return (kind, *chance.choice(_rows(connection, kind)))


def _drop(connection: sqlite3.Connection, chance: random.Random) -> str:
    kind, _, name, *_ = _any(connection, chance, "trigger", "trigger", "view", "index")
    connection.execute(f"DROP {kind} {name}")
    return f"{PROTECTION}{kind} {name} dropped"


def _replace_trigger(connection: sqlite3.Connection, chance: random.Random) -> str:
    _, row, name, table, sql = _any(connection, chance, "trigger")
    nothing = f"CREATE TRIGGER {name} {_NOTHING.format(table=table)}"
    others = [other for *_, other in _rows(connection, "trigger") if other != sql]
    new = chance.choice([nothing, sql.replace("ABORT", "IGNORE"), chance.choice(others)])
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE rowid = ?", (new, row))
    return f"{PROTECTION}trigger {name} is now {new!r}"


def _add_trigger(connection: sqlite3.Connection, chance: random.Random) -> str:
    _, _, table, *_ = _any(connection, chance, "table")
    connection.execute(f"CREATE TRIGGER more {_NOTHING.format(table=table)}")
    return f"{PROTECTION}a trigger on {table} added"


def _hide_trigger(connection: sqlite3.Connection, chance: random.Random) -> str:
    """A trigger whose row says that it is something else, or SQLite's own."""
    _, _, table, *_ = _any(connection, chance, "table")
    name = chance.choice(["sqlite_more", "sqlite_stat9", "sqlite_autoindex_more_1", "more"])
    kind = chance.choice(["trigger", "table", "index", "view", "", None])
    sql = f"CREATE TRIGGER {name} {_NOTHING.format(table=table)}"
    row = (kind, name, chance.choice([table, name]), 0, sql)
    connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
    return f"{PROTECTION}a trigger on {table} hidden as {row[:3]}"


def _replace_view(connection: sqlite3.Connection, chance: random.Random) -> str:
    _, _, name, _, sql = _any(connection, chance, "view")
    _, body = sql.split(" AS\n", 1)
    new = chance.choice(
        [f"SELECT * FROM ({body}) LIMIT 3", f"SELECT * FROM ({body}) WHERE 1", "SELECT 1 AS room"]
    )
    connection.execute(f"DROP VIEW {name}")
    connection.execute(f"CREATE VIEW {name} AS\n{new}")
    return f"{PROTECTION}view {name} replaced"


def _edit(connection: sqlite3.Connection, chance: random.Random) -> str:
    """One character of an object's SQL."""
    kind, row, name, _, sql = _any(connection, chance)
    at = chance.randrange(len(sql))
    new = sql[:at] + chance.choice(["", " ", "0", "x", chr(ord(sql[at]) ^ 1)]) + sql[at + 1 :]
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE rowid = ?", (new, row))
    return f"{PROTECTION if new != sql else ''}character {at} of {kind} {name} edited"


def _rename_column(connection: sqlite3.Connection, chance: random.Random) -> str:
    _, row, name, _, sql = _any(connection, chance, "table")
    columns = [found[1] for found in connection.execute(f"PRAGMA table_info({name})")]
    column = chance.choice(columns)
    new = sql.replace(column, f"{column}_")
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE rowid = ?", (new, row))
    return f"{PROTECTION}{name}.{column} renamed"


def _set_field(connection: sqlite3.Connection, chance: random.Random) -> str:
    kind, row, name, table, sql = _any(connection, chance)
    was = {"type": kind, "name": name, "tbl_name": table, "sql": sql}
    field = chance.choice(list(was))
    new = chance.choice(["trigger", "table", "more", "events", "", None])
    connection.execute(f"UPDATE sqlite_master SET {field} = ? WHERE rowid = ?", (new, row))
    return f"{PROTECTION if new != was[field] else ''}{field} of {kind} {name} set to {new!r}"


def _double(connection: sqlite3.Connection, chance: random.Random) -> str:
    kind, row, name, *_ = _any(connection, chance)
    copy = "INSERT INTO sqlite_master SELECT * FROM sqlite_master WHERE rowid = ?"
    connection.execute(copy, (row,))
    return f"{PROTECTION}{kind} {name} is there twice"


def _add(connection: sqlite3.Connection, chance: random.Random) -> str:
    """What does no harm."""
    statement = chance.choice(
        [
            "CREATE TABLE more (more TEXT UNIQUE)",
            "CREATE VIEW more AS SELECT count(*) FROM events",
            "CREATE INDEX more ON events (user_id)",
            "ANALYZE",
            "DROP TABLE sqlite_stat1",
        ]
    )
    connection.execute(statement)
    return statement


def _number(connection: sqlite3.Connection, chance: random.Random) -> str:
    name = chance.choice(["user_version", "application_id", "schema_version"])
    connection.execute(f"PRAGMA {name} = {chance.randrange(1, 1000)}")
    return f"{name} set"


_WAYS: list[Callable[[sqlite3.Connection, random.Random], str]] = [
    *(_drop, _drop, _replace_trigger, _add_trigger, _hide_trigger, _replace_view),
    *(_edit, _edit, _rename_column, _set_field, _double, _add, _number),
]
