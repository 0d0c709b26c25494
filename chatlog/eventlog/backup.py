"""Backing up a SQLite log beside the server that writes it: one snapshot, whole or not at all.

A file that is copied while it is in use is no backup. ``VACUUM INTO`` reads one snapshot,
so the copy is a prefix of the log that verifies, and holds nothing that was erased.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from chatlog.domain.errors import LogError
from chatlog.eventlog.read_only import open_read_only


def partial_of(target: Path) -> Path:
    """Return the file that a backup is written to until it is whole."""
    return target.with_name(f"{target.name}.partial")


def back_up(source: Path, target: Path) -> None:
    """Copy a log to a new file, durably; it blocks until that is done.

    Raises:
        LogError: if there is such a file already, or the copy cannot be made.
    """
    if target.exists():
        raise LogError(f"{target} exists already; a backup is a new file.")
    partial = partial_of(target)
    partial.unlink(missing_ok=True)
    try:
        opened = open_read_only(source)
        with closing(opened.connection) as connection:
            connection.execute("VACUUM INTO ?", (str(partial),))
        opened.after()
        _sync(partial)
        partial.rename(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise LogError(f"The log could not be backed up: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
