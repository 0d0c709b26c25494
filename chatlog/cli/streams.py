"""The standard streams, where some are closed or nobody reads them.

A service manager may start us without any (``<&- >&- 2>&-``). The first files that are
opened would be descriptors 0 to 2 then, and what is meant for a terminal would be written
into the database.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, TextIO

_NULL: Final = Path(os.devnull)


def hold_standard_streams() -> None:
    """Have descriptors 0 to 2 open, and a stream for each, before anything else is opened."""
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
    """Drop what was and will be written to a stream that nobody takes.

    Python flushes it once more at its end, and would complain there.
    """
    _redirect(stream.fileno())


def _redirect(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
