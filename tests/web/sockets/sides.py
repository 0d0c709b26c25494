"""A socket between what takes its commands and what it writes to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from chatlog.web.sockets.outlet import SocketOutlet
from chatlog.web.sockets.protocol import Socket

from .frames import frame

HEARTBEAT = 30.0


class Transport(asyncio.Transport):
    """Keeps what was written and done."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.calls: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return "close" in self.calls or "abort" in self.calls

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


class Taker:
    """Notes the texts; a text of ``slow`` is done once ``may_end`` is set."""

    def __init__(self) -> None:
        self.done: list[bytes] = []
        self.is_reader_slow = False
        self.may_end = asyncio.Event()

    def take(self, text: bytes) -> Coroutine[Any, Any, None] | None:
        if text == b"slow":
            return self._slowly(text)
        self.done.append(text)
        return None

    def pause(self) -> Coroutine[Any, Any, None] | None:
        return self._slowly(b"pause") if self.is_reader_slow else None

    async def _slowly(self, text: bytes) -> None:
        await self.may_end.wait()
        self.done.append(text)


class Sides:
    """A socket, what is above it and what is beneath."""

    def __init__(self, *, is_started: bool = True) -> None:
        self.transport, self.taker, self.beneath = Transport(), Taker(), Beneath()
        to_client = SocketOutlet(self.transport)
        self.socket = Socket(
            self.transport, to_client, self.beneath, max_bytes=65_536, heartbeat_seconds=HEARTBEAT
        )
        if is_started:
            self.socket.start(self.taker)

    def texts(self, *texts: bytes) -> None:
        """Have these texts arrive at once."""
        self.socket.data_received(b"".join(map(frame, texts)))


class Beneath(asyncio.Protocol):
    lost = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost += 1
