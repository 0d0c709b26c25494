"""Opening a SQLite file to read it, also where its folder may not be written to.

A database in WAL mode is read through ``-shm``, an index of the WAL that every process
shares. It goes when the last process closes the file, and a reader who may not make it
anew cannot open the file as it is. If no WAL is left and nobody holds the lock, the file
alone is the whole database; then it is read as ``immutable``: SQLite takes no locks and
looks for no WAL. What it cannot notice is looked for here: that somebody began to write.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from chatlog.domain.errors import LogError
from chatlog.eventlog.lockfile import holder_by_another_path, is_held
from chatlog.eventlog.one_hop import Opened
from chatlog.eventlog.stray_wal import check_wal, wal_beside

_BUSY_SECONDS: Final = 5.0
_UNOPENED: Final = ("SQLITE_CANTOPEN", "SQLITE_READONLY")


def open_read_only(path: Path) -> Opened:
    """Open a database file; blocks.

    Raises:
        LogError: if the file is served under another name, lies beside another file's WAL, or
            cannot be read from here.
        sqlite3.Error: as SQLite says.
    """
    path = path.resolve()
    _check_name(path)
    _check_wal(path)
    connection = connect_read_only(path)
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if not error.sqlite_errorname.startswith(_UNOPENED) or not os.access(path, os.R_OK):
            raise
    except BaseException:
        connection.close()
        raise
    else:
        return Opened(connection)
    before = _state(path)
    _check_closed(path)

    def check() -> None:
        if _state(path) != before:
            raise LogError(f"{path} was written to while it was being read: try again.")

    return Opened(connect_read_only(path, "&immutable=1"), check, check)


def connect_read_only(path: Path, options: str = "") -> sqlite3.Connection:
    """Connect as SQLite does by itself: what one who holds the lock needs."""
    uri = f"file:{quote(str(path))}?mode=ro{options}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)


def _check_name(path: Path) -> None:
    """Refuse a path beside which there is no WAL while the file is written by another path."""
    if Path(f"{path}-shm").exists():
        return
    if (holder := holder_by_another_path(path)) is not None:
        who = f"process {holder['pid']}" if "pid" in holder else "another process"
        raise LogError(f"{path} is in use by {who} under another name: give that one.")


def _check_wal(path: Path) -> None:
    """Refuse another file's WAL; a server that began to write meanwhile has its own."""
    if wal_beside(path) is None or is_held(path):
        return
    try:
        check_wal(path)
    except LogError:
        if not is_held(path):
            raise


def _check_closed(path: Path) -> None:
    if wal_beside(path) is not None:
        raise LogError(
            f"{path} was not closed by its server: {path}-wal holds newer events, and you may not "
            "write to its folder. Have its owner start and stop the server once."
        )
    if is_held(path):
        raise LogError(f"{path} is just being opened by a server: try again.")


def _state(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
