"""Whether a database file that is open still lies where it was opened.

SQLite goes on writing to a file that was deleted, renamed or replaced: what it commits
then is on the disk and yet gone for everybody who opens the path. So each transaction
that writes looks first, in SQLite's thread (three ``stat`` at most, about 1 µs each).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from chatlog.domain.errors import LogError, Unavailable

logger = logging.getLogger(__name__)

FileId = tuple[int, int]
"""A file itself, whatever it is called: its device and inode."""


def id_of(path: Path) -> FileId | None:
    """Return which file lies at a path; None where none can be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class OpenFile:
    """A file that is open for writing; ``path`` is its resolved one, ``names`` lead to it."""

    def __init__(self, path: Path, id: FileId, names: Iterable[Path] = ()) -> None:
        self.path = path
        self._wal = Path(f"{path}-wal")
        self._names = {path, *names}
        self._id = id
        self._wal_id: FileId | None = None
        self._missed: Path | None = None

    def opened_again(self) -> None:
        """Take the WAL that a new connection opens for the right one."""
        self._wal_id = None

    def check(self) -> None:
        """Log once if the file is not in its place any more, and once if it is again.

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
            logger.warning("%s is in its place again: events are stored again.", self._missed)
        else:
            logger.error(
                "%s was removed or replaced under this server: nothing more is stored until the "
                "same file is put back. To serve another one, restart.",
                missed,
            )
