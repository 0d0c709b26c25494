"""One WebSocket: receive its frames and close it, without interpreting them."""

from __future__ import annotations

import asyncio
import logging
import socket
from itertools import count
from typing import Any, Final

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from multidict import CIMultiDict

from chatlog.chat.connection import Connection
from chatlog.kinds.leave import Cause
from chatlog.settings import Settings
from chatlog.web.answers import error
from chatlog.web.identify import identity_at_handshake
from chatlog.web.keys import RUNTIME
from chatlog.web.network.addresses import client_key
from chatlog.web.outlet import CUT_SECONDS, SocketOutlet
from chatlog.wire.frames import (
    GOING_AWAY,
    NOT_UTF8,
    TOO_MANY_CONNECTIONS,
    TOO_SLOW,
    UNSUPPORTED,
)

logger = logging.getLogger(__name__)

_ENDS: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)

_TURN_FRAMES: Final = 8
"""Frames of a client that are handled in a row, then all others have their turn.

What has arrived is read without a pause, up to thousands of frames: 16 clients who sent bad frames
as fast as they could made a chat take 1.3 to 3.6 s (99th percentile, two busy cores); with turns,
0.4 to 0.8 s."""


_FOR_COMPRESSION_OR_CLIENTS: Final = ("_background_tasks", "_send_lock", "get_random_bits")
"""Attributes of aiohttp's writer that take 0.45 KiB, and that a server without compression never
uses. They are private to aiohttp: one that is gone frees nothing."""


async def serve(request: web.Request) -> web.StreamResponse:
    """Accept a client and serve it until either side disconnects."""
    runtime = request.app[RUNTIME]
    settings = runtime.settings
    ws = _websocket(settings)
    if not ws.can_prepare(request):
        return error(426, "bad_command", "This is a WebSocket endpoint: connect with an Upgrade.")
    if runtime.readiness.is_away:
        return error(503, "unavailable", "The log cannot be written now.")
    identity = await identity_at_handshake(request)
    await ws.prepare(request)
    ws.free_unused()
    transport = request.transport
    if transport is None:
        return ws
    bound_kernel_buffer(transport, settings)
    outlet = SocketOutlet(transport)
    address = address_of(request)
    is_full = len(runtime.clients) >= settings.max_connections
    if runtime.is_closed or is_full or not runtime.addresses.add(address):
        outlet.let_go(GOING_AWAY if runtime.is_closed else TOO_MANY_CONNECTIONS)
        await _until_closed(ws)
        outlet.forget()
        return ws
    connection = Connection(runtime, outlet)
    runtime.clients.add(connection)
    try:
        await connection.begin(identity)
        # The loop is here, as a coroutine of its own would take 0.2 KiB of every open connection,
        # and keeps no message, as a silent client's last one has up to 64 KiB.
        for number in count(1):
            if not await _take(await ws.receive(), ws, connection, outlet):
                break
            if number % _TURN_FRAMES == 0:
                await asyncio.sleep(0)
    finally:
        connection.close(_cause(ws, outlet))
        runtime.clients.discard(connection)
        runtime.addresses.remove(address)
        outlet.forget()
    return ws


def address_of(request: web.Request) -> str:
    """Return what counts as the client's address."""
    # A proxy may add a line of its own after the client's: the last hop counts.
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return client_key(request.remote or "", forwarded, request.app[RUNTIME].proxies)


class _WebSocket(web.WebSocketResponse):
    """A WebSocket without a subprotocol, whatever the client offers."""

    __slots__ = ()

    def free_unused(self) -> None:
        """Free what a WebSocket that has been prepared needs no more."""
        self.headers.clear()  # 0.5 KiB
        writer = getattr(self, "_writer", None)
        for name in _FOR_COMPRESSION_OR_CLIENTS:
            if hasattr(writer, name):
                setattr(writer, name, None)

    def _handshake(self, request: web.BaseRequest) -> Any:
        # aiohttp logs what is offered, twice, and some clients offer their token.
        if "Sec-WebSocket-Protocol" in request.headers:
            headers = CIMultiDict(request.headers)
            del headers["Sec-WebSocket-Protocol"]
            request = request.clone(headers=headers)
        try:
            return super()._handshake(request)
        except ValueError:  # a key that is not ASCII
            raise web.HTTPBadRequest from None


def _websocket(settings: Settings) -> _WebSocket:
    return _WebSocket(
        autoclose=False,  # it would answer our own close frame with a second one
        compress=False,  # 10,000 connections: 1,116 MB with compression, 182 MB without
        heartbeat=settings.heartbeat_seconds,
        max_msg_size=settings.max_frame_bytes + 1,  # aiohttp refuses what is as large
        decode_text=False,
        timeout=CUT_SECONDS,
    )


async def _take(
    message: WSMessage, ws: web.WebSocketResponse, connection: Connection, outlet: SocketOutlet
) -> bool:
    """Pass a text to the connection; return False if the message ends the socket."""
    if message.type is WSMsgType.TEXT:
        try:
            await connection.handle(message.data)
        except UnicodeDecodeError:
            outlet.let_go(NOT_UTF8, b"text frames are UTF-8")
    elif message.type is WSMsgType.CLOSE:
        await _answer_close(ws, outlet)
    elif message.type is WSMsgType.BINARY:
        outlet.let_go(UNSUPPORTED, b"send text frames")
    return message.type not in _ENDS


async def _answer_close(ws: web.WebSocketResponse, outlet: SocketOutlet) -> None:
    """Answer the client's close frame, unless it answers the server's."""
    if outlet.closed_with is None:
        outlet.finish(WSCloseCode.OK)
        await ws.close(drain=False)


async def _until_closed(ws: web.WebSocketResponse) -> None:
    while (await ws.receive()).type not in _ENDS:
        pass


def _cause(ws: web.WebSocketResponse, outlet: SocketOutlet) -> Cause:
    """Return the log's cause for the end of a connection."""
    silent = isinstance(ws.exception(), asyncio.TimeoutError)
    return "timed_out" if outlet.closed_with == TOO_SLOW or silent else "disconnected"


def bound_kernel_buffer(transport: asyncio.Transport, settings: Settings) -> None:
    """Let little wait unsent, in the kernel and here, for a client that does not read."""
    # By default 2.9 MB went into the kernel before a stuck reader showed.
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    transport.set_write_buffer_limits(high=settings.max_buffer_bytes)
