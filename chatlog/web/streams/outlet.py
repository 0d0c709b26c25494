"""The outlet of a stream: frames become messages, and go straight to the transport.

Until ``start``, after the answer's head is sent, they are held. A message is one chunk of the body
(RFC 9112, section 7.1), so that aiohttp, which ends the body, writes only its last chunk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import WSCloseCode

from chatlog.web.sockets.outlet import ABNORMAL, CUT_SECONDS
from chatlog.wire.frames import NOT_AUTHENTICATED
from chatlog.wire.server_sent import COMMENT, StreamError, error_message, messages_of


class StreamOutlet:
    """Writes to one stream until it ends; ``woken`` is set when it has to be looked at."""

    __slots__ = (
        "_held",
        "_is_chunked",
        "_messages_of",
        "_transport",
        "_write",
        "closed_with",
        "waiting",
        "woken",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        is_chunked: bool,
        messages_of: Callable[[bytes], bytes] = messages_of,
    ) -> None:
        """``messages_of`` returns the messages of some frames."""
        self._transport = transport
        self._messages_of = messages_of
        self._is_chunked = is_chunked
        self._held: bytearray | None = bytearray()
        self._write: Callable[[bytes], object] = self._held.extend
        self.waiting: Callable[[], int] = self._held.__len__
        self.closed_with: int | None = None
        self.woken = asyncio.Event()

    def start(self) -> None:
        """Write what was held, and from now on at once."""
        held, self._held = self._held, None
        self._write = self._transport.write
        self.waiting = self._transport.get_write_buffer_size
        if held:
            self._send_raw(bytes(held))
        if self.closed_with is not None:
            self._arm()

    def write(self, frames: bytes, /) -> None:
        """Write whole frames as messages; discard them once the stream has ended."""
        if self.closed_with is None:
            self._send(self._messages_of(frames))

    def write_soon(self, frames: bytes, /) -> None:
        """Write at once: only acks are worth waiting for others, and a stream has none."""
        self.write(frames)

    def gather(self, *, on: bool) -> None:
        """Do nothing."""

    def comment(self) -> None:
        """Write a comment, which keeps proxies from ending an idle stream."""
        if self.is_open and not self.waiting():
            self._send(COMMENT)

    @property
    def is_open(self) -> bool:
        """Whether messages are still sent."""
        return self.closed_with is None and not self._transport.is_closing()

    def say(self, error: StreamError) -> None:
        """Write an error that does not end the stream."""
        if self.is_open:
            self._send(error_message(error, is_last=False))

    def finish(self, error: StreamError) -> None:
        """End the stream for good, and say why."""
        if self.is_open:
            self._send(error_message(error, is_last=True))
            self._end(WSCloseCode.OK)

    def let_go(self, code: int, reason: bytes = b"") -> None:
        """End the stream, as a close code of a WebSocket would; the client may resume it.

        Whoever is signed out is told so, and may not.
        """
        if not self.is_open:
            return
        if code == NOT_AUTHENTICATED:
            ended = "Your token has ended. Open a stream with another one."
            self._send(error_message(StreamError("token_invalid", ended), is_last=True))
        self._end(code)

    def lose(self) -> None:
        """Record that the client is gone."""
        self.closed_with = self.closed_with or ABNORMAL
        self.woken.set()

    def _end(self, code: int) -> None:
        self.closed_with = code
        self.woken.set()
        if self._held is None:
            self._arm()

    def _arm(self) -> None:
        # A client that does not read would keep its buffer for ever: only abort frees it.
        asyncio.get_running_loop().call_later(CUT_SECONDS, self._transport.abort)

    def _send(self, messages: bytes) -> None:
        if messages:
            chunk = b"%x\r\n%b\r\n" % (len(messages), messages)
            self._send_raw(chunk if self._is_chunked else messages)

    def _send_raw(self, data: bytes) -> None:
        try:
            self._write(data)
        except RuntimeError:  # uvloop has closed the transport, but not called its handler yet
            self.lose()
