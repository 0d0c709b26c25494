"""Parse a SQLite URL: ``sqlite:///chatlog.db``, ``sqlite:////var/lib/chatlog.db``.

The part after the third slash is the file's path, percent-encoded where necessary (``%3F`` for a
question mark), and nothing else: SQLite's own forms (``file:…?mode=ro``, ``:memory:``) would open
a file other than the locked one, or none.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from chatlog.domain.errors import LogError

COMPANIONS: Final = ("-wal", "-shm", "-journal", ".lock", ".sock")
"""The endings of the files beside a database."""

_DRIVERS: Final = frozenset({"sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"})


def sqlite_path(url: sa.URL, written: str) -> Path:
    """Return the path in a URL, given both parsed and as written.

    Raises:
        LogError: if the URL is not the path of a possible database.
    """
    path = url.database or ""
    if url.host or url.port or url.username or url.password:
        raise LogError("A SQLite URL needs three slashes before its path: sqlite:///chatlog.db")
    if not path or path.startswith((":memory:", "file:")):
        raise LogError("A log must be a file: give its path, such as sqlite:///chatlog.db")
    if "?" in written:
        raise LogError(
            "A SQLite URL takes no options: give the path alone, a question mark in it as %3F."
        )
    if url.drivername not in _DRIVERS:
        raise LogError(f"chatlog cannot open a file of {url.drivername}: write sqlite:///file.db")
    if any(unicodedata.category(char) == "Cc" for char in path):
        raise LogError("The path of a log must not contain control characters.")
    if path.endswith(("/", "/.", "/..")):
        raise LogError(f"{path} is a folder: give the path of a file in it.")
    check_name(Path(path))
    return Path(path)


def check_name(path: Path) -> None:
    """Refuse a name that SQLite or a server uses for a file beside a database.

    Raises:
        LogError: with the reserved ending.
    """
    for ending in COMPANIONS:
        if path.name.endswith(ending):
            raise LogError(
                f"{path} cannot be a log: the ending {ending} is reserved for files beside a log. "
                "Give another name."
            )


def check_folder(path: Path) -> None:
    """Refuse a missing folder: creating it for a mistyped path would create an empty log.

    Raises:
        LogError: naming the folder.
    """
    folder = path.parent
    if folder.is_dir():
        return
    why = "is not a folder" if folder.exists() else "does not exist"
    tilde = " (~ is not expanded in a URL)" if str(path).startswith("~") else ""
    raise LogError(f"The folder {folder} {why}{tilde}: create it first, or correct the path.")
