"""One WebSocket: accept it, serve its client, and note its end."""

from __future__ import annotations

from aiohttp import web

from chatlog.chat.connection import Connection
from chatlog.kinds.leave import Cause
from chatlog.runtime import Runtime
from chatlog.web.answers import error
from chatlog.web.identify import identity_at_handshake
from chatlog.web.keys import RUNTIME
from chatlog.web.network.addresses import client_key
from chatlog.web.sockets.handshake import accept, bound_kernel_buffer, is_asked, take_over
from chatlog.web.sockets.outlet import SocketOutlet
from chatlog.web.sockets.protocol import Socket
from chatlog.wire.frames import GOING_AWAY, TOO_MANY_CONNECTIONS, TOO_SLOW


async def serve(request: web.Request) -> web.StreamResponse:
    """Accept a client and serve it until either side disconnects."""
    runtime = request.app[RUNTIME]
    if not is_asked(request):
        return error(426, "bad_command", "This is a WebSocket endpoint: connect with an Upgrade.")
    if runtime.readiness.is_away:
        return error(503, "unavailable", "The log cannot be written now.")
    identity = await identity_at_handshake(request)
    response = await accept(request)
    if (transport := request.transport) is None:
        return response
    bound_kernel_buffer(transport, runtime.settings)
    outlet = SocketOutlet(transport)
    socket = take_over(request, transport, outlet, runtime.settings)
    address = address_of(request)
    if not _may_enter(runtime, address):
        outlet.let_go(GOING_AWAY if runtime.is_closed else TOO_MANY_CONNECTIONS)
        socket.start(None)
        await socket.ended()
        outlet.forget()
        return response
    connection = Connection(runtime, outlet)
    runtime.clients.add(connection)
    try:
        try:
            await connection.begin(identity)
            socket.start(connection)
            await socket.done()
        finally:
            connection.close(_cause(socket, outlet))
        await socket.ended()
    finally:
        socket.stop()
        runtime.clients.discard(connection)
        runtime.addresses.remove(address)
        outlet.forget()
    return response


def address_of(request: web.Request) -> str:
    """Return what counts as the client's address."""
    # A proxy may add a line of its own after the client's: the last hop counts.
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return client_key(request.remote or "", forwarded, request.app[RUNTIME].proxies)


def _may_enter(runtime: Runtime, address: str) -> bool:
    """Count a connection of this address, unless the server stops or has enough of them."""
    is_full = len(runtime.clients) >= runtime.settings.max_connections
    return not runtime.is_closed and not is_full and runtime.addresses.add(address)


def _cause(socket: Socket, outlet: SocketOutlet) -> Cause:
    """Return the log's cause for the end of a connection."""
    is_slow = outlet.closed_with == TOO_SLOW or socket.is_silent
    return "timed_out" if is_slow else "disconnected"
