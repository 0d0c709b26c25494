"""Handle standard streams that are closed or not read.

A service manager may start a command without any (``<&- >&- 2>&-``). The first opened files
would then get descriptors 0 to 2, and terminal output would be written into the database.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import stat
import sys
import termios
from pathlib import Path
from typing import Final, TextIO

_NULL: Final = Path(os.devnull)
_LOOK_SECONDS: Final = 0.005


def hold_standard_streams() -> None:
    """Open descriptors 0 to 2, with a stream for each, before anything else is opened."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            _redirect(number)
    if sys.stdin is None:
        sys.stdin = _NULL.open()
    if sys.stdout is None:
        sys.stdout = _NULL.open("w")
    if sys.stderr is None:
        sys.stderr = _NULL.open("w")


def silence(stream: TextIO) -> None:
    """Discard past and future output of a stream that nobody reads.

    Otherwise Python's flush at exit would report an error.
    """
    _redirect(stream.fileno())


def check_reader(stream: TextIO) -> None:
    """Look whether somebody still reads a pipe; a write would find out only at the next line.

    Raises:
        BrokenPipeError: if nobody does.
    """
    if _mode(stream) != stat.S_IFIFO:
        return
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    if poll.poll(0):
        raise BrokenPipeError


async def taken(stream: TextIO) -> None:
    """Wait until the reader of a pipe has read it empty, or a file has it on disk.

    What is in a pipe is lost with its reader.

    Raises:
        BrokenPipeError: if the reader goes away.
    """
    mode = _mode(stream)
    if mode == stat.S_IFREG:
        os.fsync(stream.fileno())
    while mode == stat.S_IFIFO and _waiting(stream.fileno()):
        check_reader(stream)
        await asyncio.sleep(_LOOK_SECONDS)


def _waiting(number: int) -> int:
    count = fcntl.ioctl(number, termios.FIONREAD, bytes(4))
    return int.from_bytes(count, sys.byteorder)


def _mode(stream: TextIO) -> int:
    try:
        return stat.S_IFMT(os.fstat(stream.fileno()).st_mode)
    except OSError:  # it is no file of the system
        return 0


def _redirect(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
