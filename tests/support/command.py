"""The ``chatlog`` command as a person runs it: a process of its own, and what it prints."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.forking import can_fork, fork


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    out: str
    err: str


async def chatlog(
    *arguments: str, database: str, module: str = "chatlog", folder: Path | None = None
) -> Ended:
    """Run a command on a database to its end; in a ``folder`` with a chatlog, it is that one."""
    if module == "chatlog" and folder is None and can_fork():
        return await _forked(arguments, database)
    of_another = {} if folder is None else {"PYTHONPATH": str(folder)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **of_another, "CHATLOG_DATABASE": database},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def _forked(arguments: tuple[str, ...], database: str) -> Ended:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        files = {"out": out.fileno(), "err": err.fileno()}
        process = await fork(arguments, **files, environment={"CHATLOG_DATABASE": database})
        status = await process.wait()
        said = [os.pread(file, os.fstat(file).st_size, 0).decode() for file in files.values()]
    return Ended(status, *said)
