"""The ``chatlog`` command as a person runs it: a process of its own, and what it prints."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    out: str
    err: str


async def chatlog(
    *arguments: str, database: str, module: str = "chatlog", folder: Path | None = None
) -> Ended:
    """Run a command on a database to its end; in a ``folder`` with a chatlog, it is that one."""
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
