"""What each index costs an insert, in CPU time of SQLite: the indexes are dropped one by one.

Of ``events`` an insert is a chat in a room that is drawn as in the log itself, of ``sessions`` a
row that is inserted and then closed, in transactions of twenty. They are the server's own pragmas,
but nothing is synced: that costs the same with and without an index. The log is spoilt afterwards.
"""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from bench.histories.chained import COLUMNS, Row
from chatlog.databases.sqlite.backend import PRAGMAS

_BATCH: Final = 20
_BATCHES: Final = 500
_RUNS: Final = 5
_OURS: Final = {"synchronous": "OFF", "secure_delete": "OFF"}
_NAMES: Final = ",".join(f'"{column}"' for column in COLUMNS)
_CHAT: Final = f"INSERT INTO events ({_NAMES}) VALUES ({','.join('?' * len(COLUMNS))})"
_BEGIN: Final = "INSERT INTO sessions VALUES (?,?,?,1,?,?,?,NULL,NULL,NULL,NULL)"
_END: Final = (
    "UPDATE sessions SET left_seq = joined_seq + 40, left_at = joined_at, cause = 'left' "
    "WHERE session = ?"
)
_INDEXES: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
)
_NEEDED: Final = {"events_room_seq", "events_client_id"}
"""Indexes that a trigger looks into; they count as part of the table."""
_HEADS: Final = "SELECT id, (SELECT max(seq) FROM events WHERE room_id = rooms.id) FROM rooms"


Rows = Iterator[Row]
Insert = Callable[[sqlite3.Connection, Sequence[Row]], None]


@dataclass(slots=True)
class _Drawn:
    """Rows that come after those of the log."""

    random: Random
    rooms: list[int]
    heads: dict[int, int]
    weights: list[float]
    users: int
    position: int
    at: str

    def _room(self) -> tuple[int, int]:
        [room] = self.random.choices(self.rooms, cum_weights=self.weights)
        self.heads[room] += 1
        return room, self.heads[room]

    def chats(self) -> Rows:
        """Yield rows of chats."""
        text = "of about as many characters as a message has"
        while True:
            room, seq = self._room()
            self.position += 1
            client_id = f"{self.position:016x}{self.random.getrandbits(64):016x}"
            yield (
                *(self.position, room, seq, self.at, "chat", 1),
                *(1 + self.random.randrange(self.users), 1, self._id(), client_id),
                *(None, None, None, None, None),
                *(self.random.randbytes(32), self.random.randbytes(32)),
                *(self.random.randbytes(16), text),
            )

    def sessions(self) -> Rows:
        """Yield rows of sessions."""
        while True:
            room, seq = self._room()
            user = 1 + self.random.randrange(self.users)
            yield self._id(), room, user, seq, self.at, max(1, seq - 50)

    def _id(self) -> str:
        return f"{self.random.getrandbits(128):032x}"


def microseconds_per_insert(path: Path) -> dict[str, float]:
    """Return the CPU time of each index, and of each table without them, by name."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for name, value in (PRAGMAS | _OURS).items():
            connection.execute(f"PRAGMA {name}={value}")
        rows = _rows(connection)
        return {
            **_dropped(connection, "events", rows.chats(), _insert_chats),
            **_dropped(connection, "sessions", rows.sessions(), _insert_sessions),
        }
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection) -> _Drawn:
    heads = {room: head for room, head in connection.execute(_HEADS) if head}
    weights = list(itertools.accumulate(1 / room for room in heads))
    [users] = connection.execute("SELECT max(id) FROM users").fetchone()
    [position, at] = connection.execute("SELECT max(position), max(at) FROM events").fetchone()
    return _Drawn(Random(2), list(heads), heads, weights, users, position, at)


def _dropped(
    connection: sqlite3.Connection, table: str, rows: Rows, insert: Insert
) -> dict[str, float]:
    names = [name for (name,) in connection.execute(_INDEXES, (table,)) if name not in _NEEDED]
    _cost(connection, rows, insert)  # reads into memory what is read
    found, before = {}, _cost(connection, rows, insert)
    for name in names:
        connection.execute(f"DROP INDEX {name}")
        after = _cost(connection, rows, insert)
        found[name] = before - after
        before = after
    return {table: before, **found}


def _cost(connection: sqlite3.Connection, rows: Rows, insert: Insert) -> float:
    """Return the microseconds of a row, of the cheapest run."""
    runs = []
    for _ in range(_RUNS):
        batches = [list(itertools.islice(rows, _BATCH)) for _ in range(_BATCHES)]
        began = time.process_time()
        for batch in batches:
            insert(connection, batch)
        runs.append((time.process_time() - began) / (_BATCH * _BATCHES))
    return min(runs) * 1e6


def _insert_chats(connection: sqlite3.Connection, chats: Sequence[Row]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_CHAT, chats)
    connection.execute("COMMIT")


def _insert_sessions(connection: sqlite3.Connection, stays: Sequence[Row]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_BEGIN, stays)
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_END, [(session,) for session, *_ in stays])
    connection.execute("COMMIT")
