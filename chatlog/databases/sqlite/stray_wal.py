"""Detect a WAL that belongs to another file, as after restoring a backup beside an old WAL.

SQLite reads any ``FILE-wal`` as the newest pages of FILE, whoever wrote it. Beside a restored
file this mixes two logs, and the mixture may even open. So before a file is used with a WAL that
no process holds, its contents without the WAL are compared with its contents with the WAL: a
log only grows, so one must be the beginning of the other, and every page missing from the file
must be in the WAL (https://www.sqlite.org/fileformat2.html#walformat).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from chatlog.domain.errors import LogError

_HEADER_BYTES: Final = 100
_WRITE_VERSION: Final = 18  # of the header: 2 in a file that ever had a WAL of its own, else 1
_LAST: Final = "SELECT position, hash FROM events ORDER BY position DESC LIMIT 1"
_NEWEST_NODE: Final = "SELECT coalesce(max(started_at), '') FROM nodes"
_SINCE: Final = (
    "SELECT count(*), coalesce(max(position), 0), "
    "(SELECT hash FROM events WHERE position = :end) FROM events WHERE position > :end"
)
_WAL_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_PENDING_BYTE: Final = 2**30  # the page that holds it is never written
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True)
class _End:
    """The schema revision of a file, its last event's position and hash, and its newest node."""

    schema: int
    position: int
    hash: bytes | None
    node: str


def wal_beside(path: Path) -> Path | None:
    """Return the WAL beside a file if it exists and is not empty."""
    wal = Path(f"{path}-wal")
    try:
        return wal if wal.stat().st_size else None
    except OSError:
        return None


def check_wal(path: Path) -> None:
    """Refuse a file whose WAL belongs to another; no process may be writing to it. Blocks.

    Raises:
        LogError: naming the WAL.
    """
    if (wal := wal_beside(path)) is not None and (_lacks_pages(path, wal) or _is_stray(path)):
        raise LogError(
            f"{wal} does not belong to {path}, as after a backup was put in its place: "
            f"move {wal} and {path}-shm away, or put the file back that they are of."
        )


def _lacks_pages(path: Path, wal: Path) -> bool:
    """Return whether a page past the file's end is also missing from the WAL."""
    size, pages, pending = 0, set[int](), set[int]()
    with wal.open("rb") as file:
        header = file.read(_WAL_HEADER_BYTES)
        page_bytes, salts = int.from_bytes(header[8:12]), header[16:24]
        while len(frame := file.read(_FRAME_HEADER_BYTES)) == _FRAME_HEADER_BYTES:
            if frame[8:16] != salts:
                break  # of before the WAL was begun anew
            pending.add(int.from_bytes(frame[:4]))
            if committed := int.from_bytes(frame[4:8]):
                size = committed
                pages |= pending
                pending.clear()
            file.seek(page_bytes, os.SEEK_CUR)
    if size == 0:
        return False
    pages.add(_PENDING_BYTE // page_bytes + 1)
    return not pages.issuperset(range(path.stat().st_size // page_bytes + 1, size + 1))


def _is_stray(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return False  # SQLite throws such a WAL away
    if header[_WRITE_VERSION] == 1:
        return True
    try:
        with closing(_connect(path, "&immutable=1")) as alone:
            end = _end(alone)
    except sqlite3.DatabaseError:
        return False  # a crash in a checkpoint leaves a file that needs its WAL to be read
    try:
        with closing(_connect(path)) as both:
            return not _continues(both, end)
    except sqlite3.DatabaseError as error:
        # If it cannot be opened, the next open reports why.
        return error.sqlite_errorname.startswith(_DAMAGED)


def _connect(path: Path, options: str = "") -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro{options}", uri=True)


def _end(alone: sqlite3.Connection) -> _End:
    (schema,) = alone.execute("PRAGMA schema_version").fetchone()
    known = alone.execute("SELECT 1 FROM sqlite_schema WHERE name = 'events'").fetchone()
    last = alone.execute(_LAST).fetchone() if known else None
    (node,) = alone.execute(_NEWEST_NODE).fetchone() if known else ("",)
    position, digest = last or (0, None)
    return _End(schema, position, digest, node)


def _continues(both: sqlite3.Connection, end: _End) -> bool:
    (schema,) = both.execute("PRAGMA schema_version").fetchone()
    if schema < end.schema:  # a backup's is one more than its original's
        return False
    if not both.execute("SELECT 1 FROM sqlite_schema WHERE name = 'events'").fetchone():
        return end.position == 0
    (node,) = both.execute(_NEWEST_NODE).fetchone()
    if node < end.node:  # the file was served after the WAL had been written
        return False
    count, last, digest = both.execute(_SINCE, {"end": end.position}).fetchone()
    return bool(digest == end.hash and (count == 0 or last == end.position + count))
