"""The control socket: a server carries out what a command beside it may not write itself.

One request a connection, one JSON object a line; the answer comes when all is done. The
socket is the operator's alone (mode 0600); who may open the file may use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from chatlog.domain.errors import ChatlogError, LogError, OutcomeUnknown

logger = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[dict[str, Any]]]
"""Carries out one command, given its arguments by name."""

MAX_REQUEST_BYTES: Final = 1_048_576
_MAX_PATH_BYTES: Final = 100  # the kernel's limit is 108
_ALONE: Final = "sock"  # its name in a folder of its own


def socket_path(database: Path) -> Path:
    """Return a free place for the socket: beside the database, if that is not too long."""
    beside = Path(f"{database.resolve()}.sock")
    if len(os.fsencode(beside)) <= _MAX_PATH_BYTES:
        return beside
    return Path(tempfile.mkdtemp(prefix="chatlog-")) / _ALONE


@contextlib.asynccontextmanager
async def listening(path: Path, handlers: Mapping[str, Handler]) -> AsyncIterator[None]:
    """Answer requests at ``path`` until the block is left."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await _answer(await reader.readline(), handlers)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError) as error:  # the asker went away, or asks without end
            logger.warning("A request on the control socket failed: %r", error)
        finally:
            writer.close()

    listener = _bind(path)
    server = await asyncio.start_unix_server(serve, sock=listener, limit=MAX_REQUEST_BYTES)
    try:
        yield
    finally:
        server.close()
        _remove(path)


def _bind(path: Path) -> socket.socket:
    """Bind the socket so that it is never anybody's but the operator's."""
    path.unlink(missing_ok=True)  # a killed server's
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.name == _ALONE:
        path.parent.rmdir()


async def _answer(line: bytes, handlers: Mapping[str, Handler]) -> dict[str, Any]:
    try:
        request = json.loads(line)
        handler = handlers[request["command"]]
        return {"done": await handler(**request["arguments"])}
    except OutcomeUnknown as error:
        return {"error": error.sentence}
    except ChatlogError as error:
        return {"error": str(error)}
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"The server does not know this command: {error}"}


async def ask(path: Path, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Have the server at ``path`` carry a command out; return what it says was done.

    Raises:
        LogError: if it refuses, with its own sentence.
        OSError: if nobody answers.
    """
    reader, writer = await asyncio.open_unix_connection(path, limit=MAX_REQUEST_BYTES)
    try:
        writer.write(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise LogError("The server went away before it answered; the outcome is unknown.")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise LogError(answer["error"])
    done: dict[str, Any] = answer["done"]
    return done
