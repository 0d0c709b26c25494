"""SQLite's lock file: whoever holds it is the only one who writes to the database.

SQLite before 3.51.3 can corrupt a WAL that two processes write and checkpoint at once.
The kernel drops the lock when its holder dies, however it dies, so it also proves that
a former holder is dead. What is in the file is for people: which process it is.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any, Self

from chatlog.domain.errors import LogError


class DatabaseBusy(LogError):
    """Another process holds the database; ``holder`` is what it says of itself."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        self.holder = holder
        who = f"process {holder['pid']}" if "pid" in holder else "another process"
        super().__init__(f"{path} is in use by {who}. Stop it first.")


class LockFile:
    """The lock of one SQLite file, at the same path with ``.lock`` behind it."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}.lock")
        self._database = database
        self._file: int | None = None

    def take(self, **about: Any) -> Self:
        """Take the lock and write into it who holds it.

        Raises:
            DatabaseBusy: if another process holds it.
        """
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise DatabaseBusy(self._database, self.holder()) from None
        self._file = file
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps({"pid": os.getpid(), **about}).encode(), 0)
        return self

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self.path, flags, 0o644)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True)
            return os.open(self.path, flags, 0o644)

    def holder(self) -> dict[str, Any]:
        """Return what the holder says of itself; empty where that cannot be read."""
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def release(self) -> None:
        """Let go of the lock. The file stays: removing it would race with a new holder."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None
