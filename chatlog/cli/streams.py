"""Handle standard streams that are closed or not read.

A service manager may start a command without any (``<&- >&- 2>&-``). The first opened files
would then get descriptors 0 to 2, and terminal output would be written into the database.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, TextIO

_NULL: Final = Path(os.devnull)


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


def _redirect(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
