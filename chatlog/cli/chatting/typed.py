"""Lines that a person types, or a program writes: read without a thread, which none could end.

On a terminal ``prompt_toolkit`` keeps the line that is being typed below those that arrive. A
plain reader takes whole lines, from pipes, files and terminals that cannot do that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Final

from chatlog.domain.errors import ChatlogError

_CHUNK_BYTES: Final = 65_536


async def prompted() -> AsyncGenerator[str, None]:
    """Yield lines typed at a prompt; Ctrl-C and Ctrl-D end it."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.patch_stdout import patch_stdout

    # Erased once it is entered: it comes back as the room's event.
    session: PromptSession[str] = PromptSession("> ", erase_when_done=True)
    with patch_stdout():
        while True:
            try:
                yield await session.prompt_async()
            except (EOFError, KeyboardInterrupt):
                return


async def plain(descriptor: int) -> AsyncGenerator[str, None]:
    """Yield the lines of a file, a pipe or a terminal.

    Raises:
        ChatlogError: one is not UTF-8.
    """
    rest = b""
    while chunk := await _chunk(descriptor):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield _text(line)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    try:
        return line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise ChatlogError("A line of the input is not UTF-8.") from None


async def _chunk(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    try:
        loop.add_reader(descriptor, _resolve, readable)
    except PermissionError:  # a file, which never makes anybody wait
        return os.read(descriptor, _CHUNK_BYTES)
    try:
        await readable
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _CHUNK_BYTES)


def _resolve(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
