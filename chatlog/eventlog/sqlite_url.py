"""Which file a SQLite URL means: ``sqlite:///chatlog.db``, ``sqlite:////var/lib/chatlog.db``.

What follows the third slash is the file's path, percent-encoded where need be (``%3F`` for a
question mark), and nothing else: SQLite's own forms (``file:…?mode=ro``, ``:memory:``) would
open another file than the one that is locked, or none.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from chatlog.domain.errors import LogError

COMPANIONS: Final = ("-wal", "-shm", "-journal", ".lock", ".sock")
"""What the files beside a database are called, behind its name."""

_DRIVERS: Final = frozenset({"sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"})


def sqlite_path(url: sa.URL, written: str) -> Path:
    """Return the path in a URL, given parsed and as it was written.

    Raises:
        LogError: if it gives anything but the path that a database can have.
    """
    path = url.database or ""
    if url.host or url.port or url.username or url.password:
        raise LogError("A SQLite URL has three slashes before its path: sqlite:///chatlog.db")
    if not path or path.startswith((":memory:", "file:")):
        raise LogError("The log is a file: give its path, as in sqlite:///chatlog.db")
    if "?" in written:
        raise LogError(
            "A SQLite URL has no options: give the path alone. A question mark in it is %3F."
        )
    if url.drivername not in _DRIVERS:
        raise LogError(f"chatlog cannot open a file of {url.drivername}: write sqlite:///file.db")
    if any(unicodedata.category(char) == "Cc" for char in path):
        raise LogError("The path of a log has no control characters, NUL or others.")
    if path.endswith(("/", "/.", "/..")):
        raise LogError(f"{path} is a folder: give the path of a file in it.")
    check_name(Path(path))
    return Path(path)


def check_name(path: Path) -> None:
    """Refuse a name that SQLite or a server gives to a file beside a database.

    Raises:
        LogError: naming the ending.
    """
    for ending in COMPANIONS:
        if path.name.endswith(ending):
            raise LogError(
                f"{path} cannot be a log: files that end in {ending} lie beside one. "
                "Give another name."
            )


def check_folder(path: Path) -> None:
    """Refuse to make folders: where a path has a slip, that would make an empty log.

    Raises:
        LogError: naming the folder.
    """
    folder = path.parent
    if folder.is_dir():
        return
    why = "is no folder" if folder.exists() else "does not exist"
    tilde = " (~ is not expanded within a URL)" if str(path).startswith("~") else ""
    raise LogError(f"The folder {folder} {why}{tilde}: make it first, or correct the path.")
