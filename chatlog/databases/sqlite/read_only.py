"""Open a SQLite file for reading, even without write permission for its folder.

A database in WAL mode is read through ``-shm``, an index of the WAL that all processes share.
The last process to close the file removes it, and a reader who may not recreate it cannot open
the file normally. If no WAL is left and nobody holds the lock, the file alone is the whole
database; it is then opened as ``immutable``: SQLite takes no locks and looks for no WAL. SQLite
then does not notice a writer that starts, so this module checks for one.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from chatlog.databases.sqlite.lockfile import holder_by_another_path, is_held
from chatlog.databases.sqlite.one_hop import Opened
from chatlog.databases.sqlite.stray_wal import check_wal, wal_beside
from chatlog.domain.errors import LogError

_BUSY_SECONDS: Final = 5.0
_UNOPENED: Final = ("SQLITE_CANTOPEN", "SQLITE_READONLY")


def open_read_only(path: Path) -> Opened:
    """Open a database file; blocks.

    Raises:
        LogError: if a server holds the file through another path, the file is beside another
            file's WAL, or this user cannot read it.
        sqlite3.Error: from SQLite.
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
    """Connect in SQLite's normal mode, for a process that holds the lock."""
    uri = f"file:{quote(str(path))}?mode=ro{options}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)


def _check_name(path: Path) -> None:
    """Refuse a path without a WAL beside it while a writer uses another path."""
    if Path(f"{path}-shm").exists():
        return
    if (holder := holder_by_another_path(path)) is not None:
        who = f"process {holder['pid']}" if "pid" in holder else "another process"
        raise LogError(f"{path} is in use by {who} through another path: give that path.")


def _check_wal(path: Path) -> None:
    """Refuse another file's WAL; a server that has started meanwhile has the right one."""
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
        raise LogError(f"{path} is being opened by a server: try again.")


def _state(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
