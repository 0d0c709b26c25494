"""Clients inside the server's process: a real connection of a real node, without a socket.

What they do and see goes into the run's ``Record`` as with clients of a real server. An
outlet can stand still: then its frames pile up in it as in a kernel that takes nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
from collections.abc import Callable
from typing import Any

from chatlog.chat.connection import Connection
from chatlog.kinds.leave import Cause
from chatlog.runtime import Runtime

from .frames import Frame
from .record import Closed, Record, Sent

WAIT_SECONDS = 30.0


class Outlet:
    """Takes frames, and gives them to its client's record unless it stands still."""

    def __init__(self, record: Record, label: str) -> None:
        self.record = record
        self.connection = record.open(label)
        self.closed_with: int | None = None
        self.stuck = False
        self.let_go_with: int | None = None
        self.came = asyncio.Event()
        self._unread = bytearray()

    @property
    def is_open(self) -> bool:
        return self.closed_with is None

    def write(self, frames: bytes, /) -> None:
        if self.is_open:
            self._unread += frames
            if not self.stuck:
                self.read()

    def write_soon(self, frames: bytes, /) -> None:
        self.write(frames)

    def gather(self, *, on: bool) -> None:
        """Take what comes as it comes."""

    def waiting(self) -> int:
        return len(self._unread)

    def read(self) -> None:
        """Take all that waits."""
        while self._unread:
            size, start = self._unread[1], 2
            if size == 126:
                (size,), start = struct.unpack_from("!H", self._unread, 2), 4
            elif size == 127:
                (size,), start = struct.unpack_from("!Q", self._unread, 2), 10
            text = self._unread[start : start + size].decode()
            del self._unread[: start + size]
            self.connection.entries.append(self.record.frame(text))
        self.came.set()

    def let_go(self, code: int, reason: bytes = b"") -> None:
        self.let_go_with = code
        if not self.stuck:  # else the close frame waits behind the rest, and is cut
            self.end(code, reason.decode())
        self.end(None)

    def end(self, code: int | None, reason: str = "") -> None:
        """End the connection as the client sees it."""
        if self.connection.closed is None:
            self.connection.entries.append(Closed(code, reason))
            self.closed_with = 1006 if code is None else code
            self._unread.clear()
            self.came.set()


class InsideClient:
    """One connection of a node; ``send`` returns once the next command may be sent."""

    def __init__(self, runtime: Runtime, record: Record, name: str, label: str = "") -> None:
        self.name = name
        self.outlet = Outlet(record, label or name)
        self._runtime = runtime
        self._connection = Connection(runtime, self.outlet)
        self._ids = itertools.count(1)
        runtime.clients.add(self._connection)

    @property
    def frames(self) -> list[Frame]:
        return self.outlet.connection.frames

    @property
    def is_open(self) -> bool:
        return self.outlet.is_open

    async def send(self, kind: str, **fields: Any) -> None:
        command = {"type": kind, **fields}
        self.outlet.connection.entries.append(Sent(command))
        await self._connection.handle(json.dumps(command).encode())

    async def ask(self, kind: str, **fields: Any) -> Frame:
        """Send a command and wait for its answer, whichever it is."""
        fields.setdefault("id", f"{self.outlet.connection.label}-{next(self._ids)}")
        asked = len(self.frames)
        await self.send(kind, **fields)
        return await self.wait(lambda f: f.data.get("id") == fields["id"] and not f.is_event, asked)

    async def join(self, room: str, **fields: Any) -> Frame:
        frame = await self.ask("join", room=room, username=self.name, **fields)
        assert frame.type == "caught_up", frame.raw
        return frame

    async def chat(self, room: str, message: str, **fields: Any) -> Frame:
        return await self.ask("chat", room=room, message=message, **fields)

    async def wait(self, wanted: Callable[[Frame], bool], start: int = 0) -> Frame:
        """Wait for a frame like this, from the ``start``-th on."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for frame in self.frames[start:]:
                    if wanted(frame):
                        return frame
                assert self.is_open, f"{self.name} was closed: {self.outlet.connection.closed}"
                self.outlet.came.clear()
                await self.outlet.came.wait()

    async def ended(self) -> int | None:
        """Wait until the server has closed this connection; return the code."""
        async with asyncio.timeout(WAIT_SECONDS):
            while self.is_open:
                self.outlet.came.clear()
                await self.outlet.came.wait()
        self.gone()
        assert self.outlet.connection.closed is not None
        return self.outlet.connection.closed.code

    def gone(self) -> None:
        """Go away without a word, as a socket that is cut."""
        self.outlet.end(None)
        cause: Cause = "timed_out" if self.outlet.let_go_with == 4408 else "disconnected"
        self._connection.close(cause)
        self._runtime.clients.discard(self._connection)
