"""Temporary files: for input that is read twice, and output that may have to start again.

Input from a pipe is copied to a file of mode 0600. Reading a pipe may wait for its writer for
ever, which the person at the terminal can interrupt; a server only ever gets a file. Output is
kept in memory while it is small, then in an unnamed file; it disappears with the process.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from chatlog.domain.errors import LogError

_IN_MEMORY_BYTES: Final = 16 * 2**20
_CHUNK_BYTES: Final = 2**20


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Lend the absolute path of a file, or of a copy (mode 0600) of a pipe or of ``-``.

    Raises:
        LogError: if it is a device, which may be endless.
    """
    if file != Path("-"):
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and not _is_of_a_process(file)):
            yield file.absolute()  # a server that reads it is in another folder
            return
        if not stat.S_ISFIFO(mode) and not stat.S_ISREG(mode):
            raise LogError(f"{file} is neither a file nor a pipe.")
    with tempfile.NamedTemporaryFile(prefix="chatlog-import-") as copy:
        with (
            os.fdopen(os.dup(sys.stdin.fileno()), "rb")
            if file == Path("-")
            else file.open("rb") as source
        ):
            shutil.copyfileobj(source, copy)
        copy.flush()
        yield Path(copy.name)


def _is_of_a_process(file: Path) -> bool:
    """Whether a path refers to a different file in each process, like ``/dev/stdin``."""
    return any(file.absolute().is_relative_to(root) for root in ("/dev", "/proc"))


class Spool:
    """A buffer that is written once, and then read once from the beginning."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: bytes) -> None:
        """Append bytes.

        Raises:
            LogError: if there is no space for them.
        """
        try:
            self._file.write(text)
        except OSError as error:
            raise LogError(
                f"{tempfile.gettempdir()} has no space for the export ({error.strerror}): "
                "set TMPDIR to a folder that has."
            ) from error

    def read(self) -> Iterator[bytes]:
        """Yield everything, whole lines at a time."""
        self._file.seek(0)
        while text := self._file.read(_CHUNK_BYTES):
            yield text if text.endswith(b"\n") else text + self._file.readline()


@contextmanager
def spooled() -> Iterator[Spool]:
    """Lend an empty spool for output."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, prefix="chatlog-export-") as file:
        yield Spool(file)
