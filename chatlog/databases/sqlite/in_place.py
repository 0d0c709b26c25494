"""Check that an open database file is still at the path where it was opened.

SQLite continues to write to a file that was deleted, renamed or replaced: such commits are on
disk, but nobody who opens the path finds them. So each writing transaction checks first, in
SQLite's thread (at most three ``stat`` calls of about 1 µs).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from chatlog.domain.errors import LogError, Unavailable

logger = logging.getLogger(__name__)

FileId = tuple[int, int]
"""The identity of a file, independent of its names: device and inode."""


def id_of(path: Path) -> FileId | None:
    """Return the identity of the file at a path; None if there is none or it cannot be read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class OpenFile:
    """A file open for writing; ``path`` is its resolved path, ``names`` are paths to it."""

    def __init__(self, path: Path, id: FileId, names: Iterable[Path] = ()) -> None:
        self.path = path
        self._wal = Path(f"{path}-wal")
        self._names = {path, *names}
        self._id = id
        self._wal_id: FileId | None = None
        self._missed: Path | None = None

    def opened_again(self) -> None:
        """Accept the WAL that a new connection opens as the right one."""
        self._wal_id = None

    def check(self) -> None:
        """Log once when the file is no longer in its place, and once when it is back.

        Raises:
            Unavailable: while it is not.
        """
        missed = self._look()
        if missed != self._missed:
            self._tell(missed)
        self._missed = missed
        if missed is not None:
            raise Unavailable from LogError(f"{missed} was removed or replaced.")

    def _look(self) -> Path | None:
        for name in self._names:
            if id_of(name) != self._id:
                return name
        wal = id_of(self._wal)
        if self._wal_id is None:
            self._wal_id = wal
        return None if wal == self._wal_id else self._wal

    def _tell(self, missed: Path | None) -> None:
        if missed is None:
            logger.warning("%s has been put back: events are stored again.", self._missed)
        else:
            logger.error(
                "%s was removed or replaced under this server: nothing more is stored until the "
                "same file is put back. To serve another one, restart.",
                missed,
            )
