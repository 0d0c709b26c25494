"""Opening what a power cut left, with SQLite alone, and comparing it with what was told."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from .trace import Told

_ROWS = """
    SELECT room, seq, hex(substr(hash, 1, 8)), client_id
    FROM events JOIN rooms ON rooms.id = events.room_id ORDER BY room, seq
"""
Rows = dict[tuple[str, int], tuple[str, str | None]]


@dataclass(slots=True)
class Verdict:
    """What was wrong with the images of a run, each named by its place in the trace."""

    images: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    corrupt: dict[str, str] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    events_at_end: int = 0

    def judge(self, label: str, database: Path, told: Iterable[Told]) -> None:
        """Open one image and compare it with what clients had been told by then."""
        self.images += 1
        try:
            rows = read_log(database)
        except sqlite3.DatabaseError as error:
            self.corrupt[label] = str(error)
            return
        if lost := sum(not _is_there(rows, event) for event in told):
            self.lost[label] = lost
        if not contiguous(rows):
            self.gaps.append(label)
        self.events_at_end = len(rows)


def read_log(database: Path) -> Rows:
    """Return the events of an image; none where there is no table yet.

    Raises:
        sqlite3.DatabaseError: the file cannot be read or is not in order.
    """
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # Closing checkpoints; the image is thrown away, so nothing has to be durable.
        connection.execute("PRAGMA synchronous=OFF")
        found = connection.execute("PRAGMA integrity_check").fetchall()
        if found != [("ok",)]:
            raise sqlite3.DatabaseError(f"integrity_check: {found[:3]}")
        tables = connection.execute("SELECT 1 FROM sqlite_schema WHERE name='events'").fetchall()
        rows = connection.execute(_ROWS).fetchall() if tables else []
    return {(room, seq): (digest.lower(), key) for room, seq, digest, key in rows}


def contiguous(rows: Rows) -> bool:
    """Tell whether each room's seqs are 1, 2, 3 … to its head."""
    next_seq: dict[str, count[int]] = {}
    return all(seq == next(next_seq.setdefault(room, count(1))) for room, seq in rows)


def _is_there(rows: Rows, event: Told) -> bool:
    digest, key = rows.get((event.room, event.seq), ("", None))
    return digest == event.hash and event.id in {None, key}
