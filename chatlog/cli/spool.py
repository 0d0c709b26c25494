"""What is piped into a command, as a file: it may be read twice, and by a server.

A reader of a pipe waits for its writer, for ever if need be. That is for the person at the
terminal to end, and not for a server: it is only ever given a file.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from chatlog.domain.errors import LogError


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Lend the absolute path of a file, or of a copy (mode 0600) of a pipe or of ``-``.

    Raises:
        LogError: if it is a device, which need not have an end.
    """
    if file != Path("-"):
        mode = file.stat().st_mode
        if stat.S_ISREG(mode):
            yield file.absolute()  # a server that reads it is in another folder
            return
        if not stat.S_ISFIFO(mode):
            raise LogError(f"{file} is neither a file nor a pipe.")
    with NamedTemporaryFile(prefix="chatlog-import-") as copy:
        with (
            os.fdopen(os.dup(sys.stdin.fileno()), "rb")
            if file == Path("-")
            else file.open("rb") as source
        ):
            shutil.copyfileobj(source, copy)
        copy.flush()
        yield Path(copy.name)
