"""The acceptor: takes connections in, and keeps connections other than WebSockets few and short.

An idle connection costs a descriptor, and descriptors are limited. So at most
``max_connections`` plus ``max_http_connections`` connections are open. For one more, the acceptor
closes the non-WebSocket connection that has waited longest for a request, otherwise the one whose
answer has taken longest. Clients that send a request at once always get in, and so does a crowd
that connects first and sends requests afterwards. aiohttp closes connections without a whole
request in time; the kernel closes those that do not accept an answer. The acceptor accepts
connections itself because the event loops handle a lack of descriptors badly: uvloop stays
silent, asyncio writes a traceback for every attempt.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from typing import Any, Final

from aiohttp import web

from chatlog.settings import Settings
from chatlog.web.network.visitor import Visitor

logger = logging.getLogger(__name__)

_AT_A_TIME: Final = 100
_PAUSE_SECONDS: Final = 0.1
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Accepts connections on listening sockets and hands them to an aiohttp server."""

    def __init__(self, server: web.Server, settings: Settings) -> None:
        self._server = server
        self._settings = settings
        self._most = settings.max_connections + settings.max_http_connections
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._arriving: set[asyncio.Task[Any]] = set()
        self._open: set[Visitor] = set()
        # Those of them that are no WebSocket, in the order in which they began to wait or were
        # answered: the first has done so longest.
        self._waiting: dict[Visitor, None] = {}
        self._answered: dict[Visitor, None] = {}
        # Made once: three methods bound for each connection took 0.2 KiB of it.
        self._told = (self.wait, self.upgrade, self.forget)
        self._note_requests()

    def open(self, listeners: list[socket.socket]) -> None:
        """Start accepting connections."""
        for listener in listeners:
            self._listeners.append(listener)
            self._loop.add_reader(listener.fileno(), self._accept, listener)

    def close(self) -> None:
        """Stop accepting connections."""
        for listener in self._listeners:
            self._loop.remove_reader(listener.fileno())
            listener.close()
        self._listeners.clear()

    def wait(self, visitor: Visitor) -> None:
        """Record that a connection waits for its next request."""
        self.upgrade(visitor)
        self._open.add(visitor)
        self._waiting[visitor] = None
        if len(self._open) > self._most:
            self._close_idlest()

    def upgrade(self, visitor: Visitor) -> None:
        """Record that a connection is now a WebSocket or a stream: not closed to make room."""
        self._waiting.pop(visitor, None)
        self._answered.pop(visitor, None)

    def forget(self, visitor: Visitor) -> None:
        """Record that a connection has ended."""
        self.upgrade(visitor)
        self._open.discard(visitor)

    def _close_idlest(self) -> None:
        visitor = next(iter(self._waiting or self._answered), None)
        if visitor is not None:
            self.forget(visitor)
            visitor.cut()

    def _note_requests(self) -> None:
        """Move each connection with a whole request from the waiting ones to the others."""
        make = self._server.request_factory

        def noted(message: Any, payload: Any, visitor: Any, *rest: Any) -> web.BaseRequest:
            self.upgrade(visitor)
            self._answered[visitor] = None
            return make(message, payload, visitor, *rest)

        self._server.request_factory = noted

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_AT_A_TIME):
            try:
                sock, _address = listener.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._make_room(listener, error)
                return
            sock.setblocking(False)
            self._let_in(sock)

    def _let_in(self, sock: socket.socket) -> None:
        coming = self._loop.connect_accepted_socket(self._visitor, sock)
        task = self._loop.create_task(coming, name="a connection comes in")
        self._arriving.add(task)
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[Any]) -> None:
        self._arriving.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("A connection ended before it was accepted: %r", error)

    def _visitor(self) -> Visitor:
        return Visitor(self._server, self._settings, *self._told)

    def _make_room(self, listener: socket.socket, error: OSError) -> None:
        """Close the idlest connection, and retry in a moment."""
        logger.error(
            "A connection cannot be accepted: %s. Raise the limit of open files (ulimit -n, "
            "LimitNOFILE=), or lower --max-connections.",
            error.strerror,
        )
        self._close_idlest()
        self._loop.remove_reader(listener.fileno())
        self._loop.call_later(_PAUSE_SECONDS, self._try_again, listener)

    def _try_again(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            self._loop.add_reader(listener.fileno(), self._accept, listener)
