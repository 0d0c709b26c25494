"""Classify SQLite's errors by its extended result codes."""

from __future__ import annotations

import sqlite3
from typing import Final

from chatlog.databases.backend import Failure

_FAILURES: Final = {
    "SQLITE_FULL": Failure.FULL,
    "SQLITE_BUSY": Failure.UNAVAILABLE,
    "SQLITE_LOCKED": Failure.UNAVAILABLE,
    "SQLITE_CANTOPEN": Failure.UNAVAILABLE,
    "SQLITE_READONLY": Failure.UNAVAILABLE,
    "SQLITE_CORRUPT": Failure.FATAL,
    "SQLITE_NOTADB": Failure.FATAL,
    "SQLITE_IOERR": Failure.UNKNOWN,
}
_ROW_ERRORS: Final = (
    sqlite3.IntegrityError, sqlite3.DataError, UnicodeEncodeError, OverflowError,
)  # fmt: skip


def failure(error: Exception) -> Failure:
    """Classify an error by SQLite's extended result code."""
    cause = getattr(error, "orig", error)
    name = getattr(cause, "sqlite_errorname", "")
    for prefix, found in _FAILURES.items():
        if name.startswith(prefix):
            return found
    return Failure.BAD_ROW if isinstance(cause, _ROW_ERRORS) else Failure.UNKNOWN
