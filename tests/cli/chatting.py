"""Run ``chatlog chat`` at a server, with lines on its stdin."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.apps import served
from tests.support.command import Ended

SECONDS = 60.0


@asynccontextmanager
async def address_of(database: str) -> AsyncIterator[str]:
    """Serve in this process, which takes a tenth of the time of a process of its own."""
    async with served(database) as browser:
        yield str(browser.make_url("")).rstrip("/")


def command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "chatlog", "chat", *arguments)


async def started(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    """Start the command with pipes."""
    return await asyncio.create_subprocess_exec(
        *command(*arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )


async def ended(process: asyncio.subprocess.Process, text: bytes | None = None) -> Ended:
    """Write a text, close stdin and wait for the end."""
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate(text)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def chatted(text: str, *arguments: str, **environment: str) -> Ended:
    """Run the command with this on its stdin."""
    return await ended(await started(*arguments, **environment), text.encode())


async def line_with(process: asyncio.subprocess.Process, text: str) -> str:
    """Read lines of its output up to one with a text; return that one."""
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        while text not in (line := (await process.stdout.readline()).decode()):
            assert line, "it has ended"
    return line
