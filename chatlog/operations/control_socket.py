"""The control socket: a server executes the writes of commands that run beside it.

A connection carries one request, as one JSON object on a line; the answer follows when the work
is done. Closing the connection earlier cancels the command, which ends an import. The socket has
mode 0600; whoever may open the file may use it. Where sockets are unavailable, the server runs
without one, and commands that write find the database busy.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import stat
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chatlog.databases.database import DRIVER_ERRORS
from chatlog.databases.discreet import describe
from chatlog.databases.hold import Hold
from chatlog.databases.opening import why
from chatlog.domain.errors import ChatlogError, LogError, OutcomeUnknown, Refused

logger = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[dict[str, Any]]]
"""Executes one command, given its arguments by name."""

MAX_REQUEST_BYTES: Final = 1_048_576
_MAX_PATH_BYTES: Final = 100  # the kernel's limit is 108
_END_SECONDS: Final = 0.4  # twice, of the 4 s that a stop may take
_FOLDER: Final = "chatlog-"
_UNKNOWN: Final = "The server does not know this command"
_ALONE: Final = "sock"  # its name in a folder of its own


class Place:
    """The path of the socket: beside the database, or in its own folder if that is too long.

    The folder is created only once the database is locked; ``remove`` deletes it.
    """

    path: Path

    def choose(self, hold: Hold) -> Mapping[str, str]:
        """Choose the path and return what the holder tells about it."""
        _clear(Path(str(hold.former.get("socket", ""))))
        self.path = Path(f"{hold.path}.sock")
        if len(os.fsencode(self.path)) > _MAX_PATH_BYTES:
            with contextlib.suppress(OSError):  # then binding it fails, and that is said
                self.path = Path(tempfile.mkdtemp(prefix=_FOLDER)) / _ALONE
        return {"socket": str(self.path)}

    def remove(self) -> None:
        """Remove whatever was created."""
        if hasattr(self, "path"):
            _clear(self.path)


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """Lend a place for the socket, and clean up afterwards."""
    chosen = Place()
    try:
        yield chosen
    finally:
        chosen.remove()


@contextlib.asynccontextmanager
async def listening(
    path: Path, handlers: Mapping[str, Handler], refusals: Counter[str]
) -> AsyncIterator[None]:
    """Answer requests at ``path`` until the block is left; ``refusals`` counts refusals by code."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            running.add(task)
            task.add_done_callback(running.discard)
        try:
            await _send(writer, await _answered(reader, handlers, refusals))
        except (OSError, ValueError) as error:  # the asker went away, or asks without end
            logger.warning("A request on the control socket failed: %r", error)
        except asyncio.CancelledError:
            pass  # given up by the asker or at a stop: nobody waits for this task
        finally:
            writer.close()

    try:
        listener = _bind(path)
        server = await asyncio.start_unix_server(serve, sock=listener, limit=MAX_REQUEST_BYTES)
    except OSError as error:
        _say_without(path, error)
        yield
        return
    try:
        yield
    finally:
        server.close()
        _clear(path)
        await _end(running)


def _say_without(path: Path, error: OSError) -> None:
    """Warn once of what will not work: some file systems and sandboxes have no Unix sockets."""
    _clear(path)
    logger.warning(
        "Serving without a control socket: %s cannot be created (%s). Commands that write to the "
        "log (import, redact, erase-user, retention, token revoke, hook, webhook) need this "
        "server stopped.",
        path,
        os.strerror(error.errno or 0),
    )


async def _send(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()


async def _end(running: set[asyncio.Task[None]]) -> None:
    """Wait briefly for running commands, then cancel the rest, while commits still work."""
    for cancel in (False, True):
        if cancel:
            for task in running:
                task.cancel()
        if running:
            await asyncio.wait(running, timeout=_END_SECONDS)


def _bind(path: Path) -> socket.socket:
    """Bind the socket so that only its owner can ever open it."""
    path.unlink(missing_ok=True)  # a killed server's
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _clear(path: Path) -> None:
    """Remove a socket, and its folder if chatlog created it; never anything else.

    The path may come from the lock file of a server that was killed.
    """
    try:
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    except OSError:
        pass
    if path.name == _ALONE and path.parent.name.startswith(_FOLDER):
        with contextlib.suppress(OSError):
            path.parent.rmdir()


async def _answered(
    reader: asyncio.StreamReader, handlers: Mapping[str, Handler], refusals: Counter[str]
) -> dict[str, Any]:
    """Return the answer to a connection's request; cancel the work if the client disconnects."""
    answering = asyncio.create_task(_answer(await reader.readline(), handlers, refusals))

    async def watch() -> None:
        with contextlib.suppress(OSError):
            await reader.read(1)
        answering.cancel()

    watching = asyncio.create_task(watch())
    try:
        return await answering
    finally:
        watching.cancel()


async def _answer(
    line: bytes, handlers: Mapping[str, Handler], refusals: Counter[str]
) -> dict[str, Any]:
    try:
        request = json.loads(line)
        handler, arguments = handlers[request["command"]], request["arguments"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return {"error": f"{_UNKNOWN}: {error}"}
    try:
        return {"done": await handler(**arguments)}
    except ChatlogError as error:
        if isinstance(error, Refused | OutcomeUnknown):
            refusals[error.code] += 1
        return {"error": error.sentence if isinstance(error, OutcomeUnknown) else str(error)}
    except DRIVER_ERRORS as error:
        return {"error": _failure(error)}
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"{_UNKNOWN}: {error}"}
    except Exception as error:  # whoever asked must be told, whatever it is
        logger.exception("A command on the control socket failed")
        return {"error": f"The server could not complete this: {describe(error)}"}


def _failure(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"The server cannot use {error.filename}: {error.strerror}."
    logger.warning("A command on the control socket failed: %s", describe(error))
    return f"The server could not do this: {why(error)}."


async def ask(path: Path, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make the server at ``path`` execute a command; return its result.

    Raises:
        LogError: if it refuses, with its own sentence.
        OSError: if nothing answers.
    """
    reader, writer = await asyncio.open_unix_connection(path, limit=MAX_REQUEST_BYTES)
    try:
        await _send(writer, {"command": command, "arguments": arguments})
        line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise LogError("The server stopped before it answered; the outcome is unknown.")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise LogError(answer["error"])
    done: dict[str, Any] = answer["done"]
    return done
