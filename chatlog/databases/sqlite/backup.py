"""Back up a SQLite log while a server writes it: one snapshot, complete or not at all.

A copy of a file in use is not a backup. ``VACUUM INTO`` reads one snapshot, so the copy is a
prefix of the log that verifies, without erased content. It is written to a partial file and
renamed only if the target does not exist: of two backups to one name, one fails. A killed
backup leaves its partial file, which the next backup into that folder removes; a partial file
is locked while it is being written.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from chatlog.databases.sqlite.in_place import id_of
from chatlog.databases.sqlite.read_only import open_read_only
from chatlog.databases.sqlite.url import check_folder, check_name
from chatlog.domain.errors import LogError

# Not made of the target's name, which may be as long as names can be.
_PARTIAL: Final = re.compile(r"chatlog-[0-9a-f]{16}\.partial")
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_STEPS_BETWEEN_LOOKS: Final = 100_000  # of SQLite's machine; some milliseconds


def partial_for(target: Path) -> Path:
    """Return the name of the partial file for a backup."""
    return target.absolute().with_name(f"chatlog-{secrets.token_hex(8)}.partial")


def back_up(
    source: Path,
    target: Path,
    partial: Path | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Copy a log to a new file (mode 0600), durably; blocks until done.

    ``partial`` is from ``partial_for``, so that the caller can watch it grow. The copy is
    abandoned once ``is_stopped`` returns True.

    Raises:
        LogError: if the target exists, or the copy cannot be made.
    """
    _check_target(target)
    partial = partial or partial_for(target)
    try:
        _remove_leftovers(partial.parent)
        with _written(partial):
            opened = open_read_only(source)
            with closing(opened.connection) as connection:
                connection.set_progress_handler(is_stopped, _STEPS_BETWEEN_LOOKS)
                connection.execute("VACUUM INTO ?", (str(partial),))
            opened.after()
            _sync(partial)
            _put_in_place(partial, target)
        _sync(partial.parent)
    except sqlite3.Error as error:
        raise LogError(f"The log could not be backed up to {target}: {error}.") from error
    except OSError as error:
        raise LogError(f"The backup {target} cannot be written: {error.strerror}.") from error


def _check_target(target: Path) -> None:
    if os.path.lexists(target):
        raise _exists(target)
    check_name(target)
    check_folder(target)
    for ending in ("-wal", "-journal"):
        if os.path.lexists(beside := f"{target}{ending}"):
            raise LogError(
                f"{beside} is of another file, and SQLite would take it for a part of this backup: "
                "remove it, or give the backup another name."
            )


def _exists(target: Path) -> LogError:
    return LogError(f"{target} exists: back up to a new file.")


@contextmanager
def _written(partial: Path) -> Iterator[None]:
    """Create a file, hold it locked, and leave nothing of its name behind."""
    while not _is_locked_at(partial, made := _new(partial)):
        os.close(made)  # another backup took it for a leftover
    try:
        yield
    finally:
        partial.unlink(missing_ok=True)
        os.close(made)


def _new(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def _is_locked_at(path: Path, made: int) -> bool:
    with suppress(OSError):  # a file system without locks has nobody who asks for them
        fcntl.flock(made, fcntl.LOCK_EX | fcntl.LOCK_NB)
    opened = os.fstat(made)
    return id_of(path) == (opened.st_dev, opened.st_ino)


def _remove_leftovers(folder: Path) -> None:
    """Remove the partial files of backups that were killed."""
    for found in folder.iterdir():
        if _PARTIAL.fullmatch(found.name) and found.is_file() and not found.is_symlink():
            with suppress(OSError):  # another's, or just being written to
                _remove_unless_locked(found)


def _remove_unless_locked(found: Path) -> None:
    opened = os.open(found, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(f"{found}-journal").unlink(missing_ok=True)
        found.unlink()
    finally:
        os.close(opened)


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename a file unless the name is taken."""
    try:
        try:
            os.link(partial, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _reserve_and_rename(partial, target)
    except FileExistsError:
        raise _exists(target) from None


def _reserve_and_rename(partial: Path, target: Path) -> None:
    """Rename without hard links: reserve the name with an empty file first."""
    os.close(_new(target))
    try:
        partial.rename(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
