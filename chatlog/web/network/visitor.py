"""A visitor: one HTTP connection of aiohttp, with a time limit on everything.

aiohttp closes a connection without a whole request in time, whether it is silent or trickles
bytes. The kernel detects an answer that the client does not accept: it accounts for every byte,
whoever wrote it. After the upgrade a WebSocket, and once it has begun a stream, has its own rules.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import zlib
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from chatlog.settings import Settings
from chatlog.web.answers import error
from chatlog.web.app import NAME
from chatlog.web.sockets.protocol import Socket

logger = logging.getLogger(__name__)

_CLIENTS_OWN: Final = (ConnectionError, HttpProcessingError, web.RequestPayloadError, zlib.error)
"""aiohttp's errors for a client that sends invalid HTTP, or has disconnected."""

_UNUSED_BY_SOCKETS: Final = {"_parser": None, "_messages": ()}
"""aiohttp's HTTP parser and its queue of requests, with the values that free them: 0.74 KiB each.

aiohttp uses neither after an upgrade, and sets the parser to None itself when a connection ends.
The names are private to aiohttp: one that is gone frees nothing."""

_USER_TIMEOUT: Final[int | None] = getattr(socket, "TCP_USER_TIMEOUT", None)


class Visitor(web.RequestHandler):
    """One connection. It calls ``waits``, ``upgrades`` and ``ends`` when it does so."""

    __slots__ = ("_ends", "_slow_seconds", "_upgrades", "_waits")

    def __init__(
        self,
        server: web.Server,
        settings: Settings,
        waits: Callable[[Visitor], None],
        upgrades: Callable[[Visitor], None],
        ends: Callable[[Visitor], None],
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None means none
            keepalive_timeout=settings.request_seconds,
            lingering_time=settings.request_seconds,
        )
        self._slow_seconds = settings.slow_seconds
        self._waits = waits
        self._upgrades = upgrades
        self._ends = ends

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start waiting for a request."""
        super().connection_made(transport)
        self._limit_unread(self._slow_seconds)
        self._waits(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self._ends(self)
        super().connection_lost(exc)

    async def finish_response(self, *args: Any) -> tuple[web.StreamResponse, bool]:
        """Send a complete answer, then wait for the next request."""
        finished = await super().finish_response(*args)
        if self.transport is not None:
            self._waits(self)
        return finished

    def set_parser(self, parser: Any, *args: Any, **options: Any) -> None:
        """Become a WebSocket, or a stream."""
        super().set_parser(parser, *args, **options)
        self._limit_unread(0)
        self._upgrades(self)
        if isinstance(parser, Socket):
            self._free_unused()

    def _free_unused(self) -> None:
        for name, nothing in _UNUSED_BY_SOCKETS.items():
            if hasattr(self, name):
                setattr(self, name, nothing)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer invalid HTTP with chatlog's own text, without logging it or naming software."""
        if isinstance(exc, ConnectionError):
            raise exc  # it has gone: aiohttp says so to nobody
        if status != 400:
            return super().handle_error(request, status, exc, message)
        response = error(400, "bad_command", "This is not a valid HTTP request.")
        response.headers["Server"] = NAME
        response.force_close()
        return response

    def log_exception(self, *args: Any, **options: Any) -> None:
        """Log a bug; log only one line for invalid or incomplete HTTP of a client."""
        error = options.get("exc_info")
        if isinstance(error, _CLIENTS_OWN) or self.transport is None:
            logger.debug("A request was not read completely: %s", type(error).__name__)
        else:
            super().log_exception(*args, **options)

    def cut(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def _limit_unread(self, seconds: float) -> None:
        """Make the kernel abort the connection after this long without progress; 0: never."""
        raw = None if self.transport is None else self.transport.get_extra_info("socket")
        if raw is not None and _USER_TIMEOUT is not None:
            raw.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, round(seconds * 1_000))
