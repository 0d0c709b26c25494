"""A WebSocket after its handshake: a protocol of its own on aiohttp's transport.

It takes a client's messages in the callback in which they arrive. One whose command must wait, such
as a join, gets a task, and those after it are taken when it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from aiohttp import WSCloseCode

from chatlog.web.sockets.outlet import ABNORMAL, SocketOutlet
from chatlog.web.sockets.reader import BINARY, CLOSE, PING, TEXT, BadFrame, FrameReader
from chatlog.wire.frames import NOT_UTF8, UNSUPPORTED

_TURN_FRAMES: Final = 8
"""Frames of a client that are handled in a row, then all others have their turn.

What has arrived is read without a pause, up to thousands of frames: 16 clients who sent bad frames
as fast as they could made a chat take 1.3 to 3.6 s (99th percentile, two busy cores); with turns,
0.4 to 0.8 s."""

_MOST_WAITING_BYTES: Final = 131_072
"""What is read ahead of a client while a command of it waits."""


class Takes(Protocol):
    """What takes the texts of a client."""

    def take(self, text: bytes) -> Coroutine[Any, Any, None] | None:
        """Take a text; return what is to be awaited before the next one."""

    def pause(self) -> Coroutine[Any, Any, None] | None:
        """Return what is to be awaited before the next one, if too much is unsent."""


class Socket(asyncio.Protocol):
    """One client's messages, until the connection ends.

    Nothing is taken before ``start``. ``beneath`` is the protocol of HTTP, which is told the end.
    A client that has been silent for ``heartbeat_seconds`` is pinged, and cut if it stays silent
    for half as long; ``is_silent`` is set then.
    """

    __slots__ = (
        "_beneath",
        "_done",
        "_heard_at",
        "_heartbeat",
        "_is_busy",
        "_is_paused",
        "_is_pinged",
        "_loop",
        "_lost",
        "_outlet",
        "_reader",
        "_rest",
        "_taker",
        "_timer",
        "_transport",
        "is_silent",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        outlet: SocketOutlet,
        beneath: asyncio.Protocol,
        *,
        max_bytes: int,
        heartbeat_seconds: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._outlet = outlet
        self._beneath = beneath
        self._reader: FrameReader | None = FrameReader(max_bytes)
        self._taker: Takes | None = None
        self._rest: asyncio.Task[None] | None = None
        self._is_busy = True
        self._is_paused = False
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._heartbeat = heartbeat_seconds
        self._heard_at = self._loop.time()
        self._is_pinged = self.is_silent = False
        self._timer = self._loop.call_later(heartbeat_seconds, self._look)

    def start(self, taker: Takes | None) -> None:
        """Pass texts to ``taker`` from now on; None discards them."""
        self._taker = taker
        self._go_on()

    async def done(self) -> None:
        """Wait until nothing of the client is taken any more, or being carried out."""
        await self._done
        if self._rest is not None:
            await asyncio.wait([self._rest])

    async def ended(self) -> None:
        """Wait until the connection has ended."""
        await self._lost

    def stop(self) -> None:
        """Take nothing more."""
        self._take_no_more()
        self._taker = None
        self._timer.cancel()
        if self._rest is not None:
            self._rest.cancel()

    # What the event loop calls, and aiohttp with what came right after the handshake.

    def data_received(self, data: bytes) -> None:
        """Take the messages in what has arrived."""
        self._heard_at = self._loop.time()
        if (reader := self._reader) is None:
            return
        reader.feed(data)
        if not self._is_busy:
            self._take_some(reader)
        if self._is_busy and reader.waiting > _MOST_WAITING_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Keep what came before the transport was handed over.

        However much it is, reading is not paused before more arrives: aiohttp may have paused it
        as well, and resumes it after this.
        """
        if self._reader is not None:
            self._reader.feed(data)
        return False, b""

    def feed_eof(self) -> None:
        """Learn that nothing follows, of which ``connection_lost`` tells as well."""

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._take_no_more()
        self._timer.cancel()
        self._beneath.connection_lost(exc)
        if not self._lost.done():
            self._lost.set_result(None)

    def _take_no_more(self) -> None:
        self._reader = None
        if not self._done.done():
            self._done.set_result(None)

    def _take_some(self, reader: FrameReader) -> None:
        """Take some messages of those that have arrived; the others when all have had a turn."""
        try:
            for _ in range(_TURN_FRAMES):
                if (message := reader.next()) is None:
                    return
                self._take(*message)
                if self._is_busy or self._reader is None:
                    return
        except BadFrame as error:
            self._take_no_more()
            self._outlet.let_go(error.code, str(error).encode())
            return
        self._is_busy = True
        self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._is_busy = False
        if (reader := self._reader) is None:
            return
        self._take_some(reader)
        if self._is_paused and not self._is_busy:
            self._is_paused = False
            self._transport.resume_reading()

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self._take_text(payload)
        elif opcode == BINARY:
            self._outlet.let_go(UNSUPPORTED, b"send text frames")
        elif opcode == PING and self._outlet.is_open:
            self._answer_ping(payload)
        elif opcode == CLOSE:
            self._close()

    def _take_text(self, text: bytes) -> None:
        if self._taker is None:
            return
        try:
            rest = self._taker.take(text)
        except UnicodeDecodeError:
            self._outlet.let_go(NOT_UTF8, b"text frames are UTF-8")
            return
        self._wait_for(rest)

    def _answer_ping(self, payload: bytes) -> None:
        self._outlet.pong(payload)
        if self._taker is not None:
            self._wait_for(self._taker.pause())  # pongs that nobody reads would pile up

    def _wait_for(self, rest: Coroutine[Any, Any, None] | None) -> None:
        """Take the next message once this is done."""
        if rest is not None:
            self._is_busy = True
            self._rest = self._loop.create_task(self._wait(rest), name="a command that waits")

    async def _wait(self, rest: Coroutine[Any, Any, None]) -> None:
        try:
            await rest
        finally:
            self._rest = None
            self._go_on()

    def _close(self) -> None:
        """Answer the client's close frame, unless it answers the server's; end the connection."""
        self._take_no_more()
        self._outlet.let_go(WSCloseCode.OK)
        self._transport.close()

    def _look(self) -> None:
        """Ping a client that is silent; cut one that has stayed so."""
        silent = self._loop.time() - self._heard_at
        if self._is_paused or silent < self._heartbeat:
            self._is_pinged = False
            after = self._heartbeat if self._is_paused else self._heartbeat - silent
        elif self._is_pinged:
            self.is_silent = True
            self._outlet.shut(ABNORMAL)
            self._transport.abort()
            return
        else:
            self._is_pinged = True
            self._outlet.ping()
            after = self._heartbeat / 2
        self._timer = self._loop.call_later(after, self._look)
