"""Random mutations of a SQLite log, and what ``verify`` says of each.

A mutation that verify does not find must be harmless: every audit view still answers the
same. Left out of that are what no event vouches for: until when a server that has not
left says that it was there.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chatlog.audit.evidence.checkpoint import Checkpoint, decode_checkpoint, read_checkpoint
from chatlog.audit.verification.verify import Asked, verify
from chatlog.databases.database import DATABASE_ERRORS
from chatlog.databases.opening import open_for_reading
from chatlog.databases.sqlite.backup import back_up, partial_for
from chatlog.domain.errors import ChatlogError
from tests.support.nodes import LocalClient, node_on
from tests.support.schema_mutations import BACKUP, PROTECTION, change_schema, put_back

TABLES = ("events", "sessions", "users", "rooms", "nodes", "meta")
VIEWS = {
    "audit_events": "*",
    "audit_messages": "*",
    "audit_sessions": "session, room, username, node, joined_seq, joined_at, left_seq, left_at, "
    "cause, CASE WHEN left_seq THEN seconds END, CASE WHEN left_seq THEN certain_until END",
    "audit_presence": "*",
    "audit_witnesses": "room, seq, session, username, joined_seq, left_seq, "
    "CASE WHEN left_seq OR certainty = 'replayed' THEN certainty END",
    "audit_activity": "*",
    "audit_erasures": "*",
}
_SQLITE_HEADER = 100


@dataclass(frozen=True)
class Before:
    """A log as it was: what its views say, and a checkpoint of it."""

    answers: dict[str, Any]
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Judged:
    """What became of one mutation: ``found`` (and where), ``harmless`` or ``missed``.

    ``found by the checkpoint``: a room's name is in no header, only there.
    """

    what: str
    outcome: str
    where: str = ""


async def make_log(folder: Path) -> Path:
    """Write a log with all that a log can hold; two people are still there."""
    url, made = f"sqlite:///{folder / 'live.db'}", folder / "made.db"
    async with node_on(url) as node:
        people = {name: LocalClient(node) for name in ("ada", "bob", "eve", "kim")}
        for room in ("one", "two"):
            for name, person in people.items():
                await person.join(room, name)
                for number in range(3):
                    await person.send("chat", room=room, message=f"{name} {number}", id=f"{number}")
                    await person.until("ack", id=f"{number}")
                    person.new()
        await people["bob"].send("leave", room="one", id="bye")
        await people["bob"].until("ack", id="bye")
        back_up(folder / "live.db", folder / BACKUP, partial_for(folder / BACKUP))
        erase = node.operations.eraser
        await erase.redact("one", [3, 4], by="root", reason="a leak")
        await erase.erase_user("eve", by="root", reason="asked for")
        await LocalClient(node).join("two", "ada", backlog=3)
        back_up(folder / "live.db", made, partial_for(made))
    return made


def mutate(path: Path, chance: random.Random) -> str:
    """Change a log's file in one way; return in words how. It may turn out to change nothing."""
    if (kind := chance.random()) < 0.5:
        return (_flip if kind < 0.2 else change_schema if kind < 0.4 else put_back)(path, chance)
    how: Callable[[sqlite3.Connection, str, random.Random], str] = chance.choice(
        [_set, _set, _set, _delete, _insert, _swap]
    )
    table = chance.choice(TABLES)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        try:
            return how(connection, table, chance)
        except sqlite3.IntegrityError as error:
            return f"refused: {error}"
        finally:
            for _, sql in triggers:
                connection.execute(sql)


def _flip(path: Path, chance: random.Random) -> str:
    raw = bytearray(path.read_bytes())
    at, bit = chance.randrange(_SQLITE_HEADER, len(raw)), chance.randrange(8)
    raw[at] ^= 1 << bit
    path.write_bytes(raw)
    return f"bit {bit} of byte {at} flipped"


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _row(connection: sqlite3.Connection, table: str, chance: random.Random) -> int:
    rows = connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall()
    return int(chance.choice(rows)[0])


def _value(
    connection: sqlite3.Connection, table: str, column: str, old: Any, chance: random.Random
) -> Any:
    """A value that differs: another row's, none, of another type, or nearly the same."""
    others = f'SELECT DISTINCT "{column}" FROM {table} WHERE "{column}" IS NOT ? ORDER BY 1'
    seen = [row[0] for row in connection.execute(others, (old,))]
    new: list[Any] = [None, chance.randrange(-5, 200), chance.randbytes(16), "text", 1.5, b"\xff"]
    if isinstance(old, int):
        new += [old + 1, old - 1, str(old) + "x"]
    elif isinstance(old, str) and old:
        at = chance.randrange(len(old))
        new += [old[:at] + chr(ord(old[at]) ^ 1) + old[at + 1 :], old + " ", old[:-1], old.upper()]
    elif isinstance(old, bytes) and old:
        at = chance.randrange(len(old))
        new += [old[:at] + bytes([old[at] ^ 1]) + old[at + 1 :], old[:-1]]
    return chance.choice(new + chance.sample(seen, min(len(seen), 5)))


def _set(connection: sqlite3.Connection, table: str, chance: random.Random) -> str:
    row, column = _row(connection, table, chance), chance.choice(_columns(connection, table))
    get = f'SELECT "{column}" FROM {table} WHERE rowid = ?'
    old = connection.execute(get, (row,)).fetchone()[0]
    new = _value(connection, table, column, old, chance)
    connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (new, row))
    return f"{table}.{column} of row {row}: {old!r} -> {new!r}"


def _delete(connection: sqlite3.Connection, table: str, chance: random.Random) -> str:
    row = _row(connection, table, chance)
    connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
    return f"{table}: row {row} deleted"


def _insert(connection: sqlite3.Connection, table: str, chance: random.Random) -> str:
    """A copy of a row with some of its columns changed, so that it fits in."""
    names = _columns(connection, table)
    row = _row(connection, table, chance)
    found = connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (row,)).fetchone()
    values = dict(zip(names, found, strict=True))
    for name in chance.sample(names, min(len(names), chance.randrange(1, 5))):
        values[name] = _value(connection, table, name, values[name], chance)
    for name in {"position", "id", "uuid", "seq", "session", "node", "name", "room"} & set(names):
        if chance.random() < 0.8:
            old = values[name]
            values[name] = old + 1000 if isinstance(old, int) else f"{old}x"
    marks = ", ".join("?" * len(names))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", list(values.values()))
    return f"{table}: a row like {row} inserted: {values}"


def _swap(connection: sqlite3.Connection, table: str, chance: random.Random) -> str:
    one, two = _row(connection, table, chance), _row(connection, table, chance)
    names = [n for n in _columns(connection, table) if n not in {"position", "id", "session"}]
    some = names if chance.random() < 0.5 else [chance.choice(names)]
    listed = ", ".join(f'"{name}"' for name in some)
    get = f"SELECT {listed} FROM {table} WHERE rowid = ?"
    first, second = (connection.execute(get, (row,)).fetchone() for row in (one, two))
    put = f"UPDATE {table} SET ({listed}) = ({', '.join('?' * len(some))}) WHERE rowid = ?"
    unique = [name for name in some if name in {"seq", "room_id", "uuid", "node", "room", "name"}]
    for name in unique:  # out of the way first, as both may not stand there at once
        connection.execute(f'UPDATE {table} SET "{name}" = -9 WHERE rowid = ?', (one,))
    connection.execute(put, (*first, two))
    connection.execute(put, (*second, one))
    return f"{table}: {listed} of rows {one} and {two} swapped"


def answers(path: Path) -> dict[str, Any]:
    """Return all that the audit views say, in an order of its own."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {
            view: sorted(map(repr, connection.execute(f"SELECT {columns} FROM {view}")))
            for view, columns in VIEWS.items()
        }


async def before(path: Path) -> Before:
    """Return what a log says before anything is changed."""
    key = Ed25519PrivateKey.generate()
    async with open_for_reading(f"sqlite:///{path}") as database, database.read() as connection:
        line = await read_checkpoint(connection, "2026-11-22T17:00:00.000000Z", key)
    return Before(answers(path), decode_checkpoint(line, None))


async def judge(path: Path, what: str, was: Before) -> Judged:
    """Verify a mutated log; what is not found is compared by all its answers."""
    if where := await _wrong(path, None):
        return Judged(what, "found", where)
    if what.startswith(PROTECTION):
        return Judged(what, "missed")
    try:
        same = answers(path) == was.answers
    except sqlite3.Error as error:
        return Judged(what, "missed", repr(error))
    if same:
        return Judged(what, "harmless")
    where = await _wrong(path, was.checkpoint)
    return Judged(what, "found by the checkpoint" if where else "missed", where)


async def _wrong(path: Path, checkpoint: Checkpoint | None) -> str:
    """Return where verify finds something wrong, empty where it finds nothing."""
    url = f"sqlite:///{path}"
    try:
        async with open_for_reading(url) as database:
            asked = Asked(checkpoint=checkpoint)
            verdict = await verify(url, database, asked, lambda _events: None)
    except (ChatlogError, *DATABASE_ERRORS) as error:
        return f"the log: {error}"
    rooms = [f"{room.room} {room.wrong_seq}: {room.why}" for room in verdict.rooms if not room.ok]
    whole = [f"the log: {verdict.whole}"] if verdict.whole else []
    return "; ".join(rooms + whole)
