"""Open files to import: regular files, read by a thread that can be stopped.

A server reads files named by others. It must never wait for the writer of a pipe, nor for the
end of a long file when it stops.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase, RawIOBase
from pathlib import Path
from threading import Event
from typing import BinaryIO, Final, cast

from chatlog.domain.errors import LogError

Opener = Callable[[], BinaryIO]
"""Opens a file for reading; an import does this twice."""

DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error)
"""The errors of reading a damaged compressed file."""

_GZIP: Final = b"\x1f\x8b"
_BUFFER_BYTES: Final = 65_536


class Files:
    """Opens files for one import; after ``end``, reading one raises an error."""

    def __init__(self) -> None:
        self._over = Event()

    def end(self) -> None:
        """Make every reader stop within one buffer."""
        self._over.set()

    def open(self, file: Path) -> BinaryIO:
        """Open a file without waiting for a writer.

        Raises:
            LogError: if it is a pipe, a device or a folder.
        """
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise LogError(f"{file} is not a regular file: it cannot be read twice.")
        return self._stoppable(io.FileIO(descriptor))

    def unpacked(self, file: Path) -> Opener:
        """Return what opens a file, unpacked if gzip has packed it, whatever its name."""
        # A buffer of a packed file may be a thousand times as long when it is unpacked.
        return unpacked(lambda: self.open(file), self._stoppable)

    def _stoppable(self, stream: RawIOBase | BufferedIOBase) -> BinaryIO:
        return io.BufferedReader(_Stoppable(stream, self._over), _BUFFER_BYTES)


@contextmanager
def files() -> Iterator[Files]:
    """Lend an opener of files; leaving the block stops readers that are still running."""
    lent = Files()
    try:
        yield lent
    finally:
        lent.end()


class _Stoppable(io.RawIOBase):
    def __init__(self, stream: RawIOBase | BufferedIOBase, over: Event) -> None:
        self._stream = stream
        self._over = over

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]
        if self._over.is_set():
            raise LogError("The import was interrupted.")
        return self._stream.readinto(buffer)

    def close(self) -> None:
        super().close()
        self._stream.close()


def _as_it_is(stream: RawIOBase | BufferedIOBase) -> BinaryIO:
    return cast(BinaryIO, stream)


def unpacked(opener: Opener, guarded: Callable[[BufferedIOBase], BinaryIO] = _as_it_is) -> Opener:
    """Return what opens a file, unpacked if gzip has packed it."""
    with opener() as opened:
        packed = opened.read(len(_GZIP)) == _GZIP
    return (lambda: guarded(_Unpacked(opener()))) if packed else opener


class _Unpacked(gzip.GzipFile):
    """Unlike its base class, it closes the underlying file."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def close(self) -> None:
        super().close()
        self._packed.close()
