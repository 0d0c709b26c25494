"""The lock of a SQLite database: only its holder writes to the database.

SQLite before 3.51.3 can corrupt a WAL that two processes write and checkpoint concurrently.
The kernel releases the lock when its holder dies, however it dies, so acquiring it also proves
that an earlier holder is dead.

Two files are locked: the database file itself, so that no link bypasses the lock, and a lock
file beside it, which names the holding process. The descriptor of the database stays open as
long as the lock is held: closing any descriptor of a file drops all POSIX locks that the process
has on it, including SQLite's.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from pathlib import Path
from typing import Any, Final, Self

from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.sqlite.in_place import FileId, OpenFile, id_of
from chatlog.databases.sqlite.url import check_folder
from chatlog.domain.errors import LogError

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
_MODE: Final = 0o600
_TRIES: Final = 5
_TRY_SECONDS: Final = 0.01  # a reader that looks whether the lock is held has it for less

_held: set[FileId] = set()
"""The files that this process has locked; nothing in it may open and close them again."""


class LockFile:
    """The lock of one SQLite file. Once taken, ``file`` is the locked database.

    ``former`` is the previous content of the lock file, left by a holder that was killed.
    """

    file: OpenFile

    def __init__(self, database: Path) -> None:
        self._database = database
        self.former: dict[str, Any] = {}
        self._id: FileId | None = None
        self._descriptor = self._lock = -1

    @property
    def path(self) -> Path:
        """The locked database, without links."""
        return self.file.path

    def take(self, **about: Any) -> Self:
        """Take the lock and write the holder into the lock file.

        A missing database is created in an existing folder, as an empty file with mode 0600.

        Raises:
            DatabaseBusy: if another process holds it, through whichever path.
            LogError: if the path is not a regular file in an existing folder, the file has a
                second hard link, or its file system has no locks.
        """
        path = _resolve(self._database)
        check_folder(self._database)
        if _look(path) is None:
            check_folder(path)  # which a link may lead to
        try:
            self._take_lock_file(path)  # first: so who holds the database by this path has both
            self._take_database(path)
            self.tell(**about)
        except BaseException:
            self.release()
            raise
        return self

    def _take_lock_file(self, path: Path) -> None:
        self._lock = _open(_lock_file(path), _FLAGS | os.O_NOFOLLOW)
        if not stat.S_ISREG(os.fstat(self._lock).st_mode):  # to read a pipe is to wait for ever
            raise LogError(f"{_lock_file(path)} is not a regular file: remove it.")
        self.former = _said(path)
        if not _flock(self._lock, path, tries=_TRIES):
            raise DatabaseBusy(self._database, self.former)

    def _take_database(self, path: Path) -> None:
        while self._id is None:
            if (found := _look(path)) in _held:
                raise DatabaseBusy(self._database, {"pid": os.getpid()})
            self._descriptor = _open(path, _FLAGS)
            locked = _flock(self._descriptor, path, tries=_TRIES)
            opened = os.fstat(self._descriptor)
            found = opened.st_dev, opened.st_ino
            if not locked:
                raise DatabaseBusy(self._database, _pid_of(found))
            if id_of(path) == found:
                self._id = found
                _held.add(found)
            else:  # another file was put in its place meanwhile
                os.close(self._descriptor)
                self._descriptor = -1
        if opened.st_nlink > 1:
            raise LogError(
                f"{self._database} has a second hard link. SQLite keeps the newest events in a "
                "-wal beside only one of the two: remove one, or copy the file with its -wal."
            )
        self.file = OpenFile(path, self._id, [self._database.absolute()])

    def tell(self, **about: Any) -> None:
        """Write further facts about the holder into the lock file."""
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps({"pid": os.getpid(), **about}).encode(), 0)

    def release(self) -> None:
        """Release the lock. The lock file stays: removing it would race with a new holder."""
        if self._id is not None:
            os.ftruncate(self._lock, 0)
            _held.discard(self._id)
        for descriptor in (self._descriptor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._id, self._descriptor, self._lock = None, -1, -1


def is_held(path: Path) -> bool:
    """Return whether a process holds the database at ``path``, through whichever path."""
    return id_of(path) in _held or _is_locked(path)


def holder_by_another_path(path: Path) -> dict[str, Any] | None:
    """Return the facts about a holder that opened the database through another path."""
    found = id_of(path)
    if found is None or not is_held(path) or _is_locked(_lock_file(path)):
        return None
    if _lock_file(path).exists() and not os.access(_lock_file(path), os.R_OK):
        return None  # it is for its owner to see whether it is locked
    return {"pid": os.getpid()} if found in _held else _pid_of(found)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False  # it is not there, or it is for others to say why it cannot be opened
    try:
        return not _flock(descriptor, path, how=fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _resolve(database: Path) -> Path:
    try:
        return database.resolve()
    except RuntimeError:  # what Python before 3.13 says of links in a circle
        raise LogError(f"{database} cannot be resolved: its symbolic links form a loop.") from None


def _lock_file(path: Path) -> Path:
    return Path(f"{path}.lock")


def _look(path: Path) -> FileId | None:
    """Return the identity of the file at the path, None if there is none yet.

    Raises:
        LogError: if it is a folder, a pipe, a device …
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LogError(f"{path} cannot be opened: {error.strerror}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise LogError(f"{path} is not a regular file: give the path of a database.")
    return found.st_dev, found.st_ino


def _open(path: Path, flags: int) -> int:
    """Open a file to read and write; create a missing one with mode 0600."""
    try:
        return os.open(path, flags & ~os.O_CREAT)
    except FileNotFoundError:
        made = os.open(path, flags, _MODE)
        os.fchmod(made, _MODE)  # whatever the umask takes away
        return made
    except IsADirectoryError:
        raise LogError(f"{path} is not a regular file: remove it.") from None


def _flock(descriptor: int, path: Path, *, how: int = fcntl.LOCK_EX, tries: int = 1) -> bool:
    """Take a lock; return False if another process holds it.

    Raises:
        LogError: if the file system has no locks.
    """
    for left in reversed(range(tries)):
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_TRY_SECONDS)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "an error")
            raise LogError(
                f"The file system of {path} cannot lock files ({name}): keep the database on "
                "another one, on a local disk."
            ) from error
        else:
            return True
    return False


def _said(path: Path) -> dict[str, Any]:
    """Return the lock file's facts about the holder; empty if they cannot be read."""
    try:
        found = json.loads(_lock_file(path).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pid_of(file: FileId) -> dict[str, Any]:
    """Ask the kernel (Linux) which process has locked a file."""
    device, inode = file
    wanted = f"{os.major(device):02x}:{os.minor(device):02x}:{inode}"
    try:
        locks = Path("/proc/locks").read_text()
    except OSError:
        return {}
    for line in locks.splitlines():
        _, kind, *fields = line.split()
        if kind == "FLOCK" and len(fields) > 3 and fields[3] == wanted and int(fields[2]) > 0:
            return {"pid": int(fields[2])}
    return {}
