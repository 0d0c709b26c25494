"""The handshake of a WebSocket (RFC 6455): from a request of HTTP to a protocol of its own.

No subprotocol and no extension is accepted: compression took 93 KiB of every connection.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import socket
from typing import Final

from aiohttp import hdrs, web

from chatlog.settings import Settings
from chatlog.web.sockets.outlet import SocketOutlet
from chatlog.web.sockets.protocol import Socket

_VERSION: Final = "13"
_KEY_BYTES: Final = 16
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def is_asked(request: web.Request) -> bool:
    """Return whether a request asks for a WebSocket, in the form that the protocol prescribes."""
    headers = request.headers
    upgrade = headers.get(hdrs.UPGRADE, "").strip().lower()
    connection = ",".join(headers.getall(hdrs.CONNECTION, ())).lower().split(",")
    is_upgrade = upgrade == "websocket" and "upgrade" in map(str.strip, connection)
    if request.method != hdrs.METH_GET or not is_upgrade:
        return False
    try:
        key = base64.b64decode(headers.get(hdrs.SEC_WEBSOCKET_KEY, ""))
    except (binascii.Error, ValueError):
        return False
    return headers.get(hdrs.SEC_WEBSOCKET_VERSION) == _VERSION and len(key) == _KEY_BYTES


async def accept(request: web.Request) -> web.StreamResponse:
    """Answer a request that ``is_asked``; everything that follows is frames."""
    key = request.headers[hdrs.SEC_WEBSOCKET_KEY].encode()
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    response = web.StreamResponse(status=101)
    response.headers[hdrs.UPGRADE] = "websocket"
    response.headers[hdrs.CONNECTION] = "upgrade"
    response.headers[hdrs.SEC_WEBSOCKET_ACCEPT] = base64.b64encode(digest).decode()
    await response.prepare(request)
    response.headers.clear()  # 0.4 KiB, which nothing reads any more
    response.force_close()
    return response


def take_over(
    request: web.Request, transport: asyncio.Transport, outlet: SocketOutlet, settings: Settings
) -> Socket:
    """Put a socket in the place of HTTP; it takes nothing before it is started."""
    beneath = request.protocol
    taken = Socket(
        transport,
        outlet,
        beneath,
        max_bytes=settings.max_frame_bytes,
        heartbeat_seconds=settings.heartbeat_seconds,
    )
    transport.set_protocol(taken)
    beneath.set_parser(taken)  # type: ignore[arg-type]  # passes on what has arrived already
    return taken


def bound_kernel_buffer(transport: asyncio.Transport, settings: Settings) -> None:
    """Let little wait unsent, in the kernel and here, for a client that does not read."""
    # By default 2.9 MB went into the kernel before a stuck reader showed.
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    transport.set_write_buffer_limits(high=settings.max_buffer_bytes)
