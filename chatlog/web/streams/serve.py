"""Events as server-sent events, from a join on: of a room, or of several in one stream.

``GET /api/rooms/{room}/stream`` and ``GET /api/stream?rooms=a,b``.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from aiohttp import HttpVersion11, web

from chatlog.domain.errors import RateLimited, Refused, Unavailable
from chatlog.domain.identity import Identity
from chatlog.domain.names import check_username
from chatlog.kinds.join import JoinAsPerson, JoinRequest
from chatlog.web.api.queries import StreamQuery, StreamsQuery, query_of
from chatlog.web.identify import identity_of
from chatlog.web.keys import RUNTIME
from chatlog.web.sockets.handshake import bound_kernel_buffer
from chatlog.web.sockets.serve import address_of
from chatlog.web.streams.outlet import StreamOutlet
from chatlog.web.streams.stream import COMMENT_SECONDS, RETRY_SECONDS, Stream
from chatlog.wire.server_sent import (
    END,
    NOWHERE,
    Cursor,
    Cursors,
    cursor_in,
    cursors_in,
    messages_of,
)

Opening = Callable[[Stream, Identity | None], Awaitable[None]]

LAST_EVENT_ID: Final = "Last-Event-ID"

_USER_TIMEOUT: Final[int | None] = getattr(socket, "TCP_USER_TIMEOUT", None)

_HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold messages back
    "X-Content-Type-Options": "nosniff",
}


async def show(request: web.Request) -> web.StreamResponse:
    """Join the room and send its events until either side ends the stream.

    Raises:
        Refused: before anything is sent, if the asker may not join.
    """
    if _is_over(request):
        return _nothing_more()
    join = _join_in(request)
    return await _serve(request, lambda stream, identity: stream.open(identity, join), messages_of)


async def show_several(request: web.Request) -> web.StreamResponse:
    """Join rooms and send their events until either side ends the stream."""
    if _is_over(request):
        return _nothing_more()
    cursors, joins = _joins_in(request)
    return await _serve(
        request,
        lambda stream, identity: stream.open_several(identity, joins),
        Cursors(cursors).messages_of,
    )


def _is_over(request: web.Request) -> bool:
    return request.headers.get(LAST_EVENT_ID) == END


def _nothing_more() -> web.Response:
    """Return the answer after which a browser does not come back."""
    return web.Response(status=204, headers={"Cache-Control": "no-store"})


async def _serve(
    request: web.Request, open: Opening, messages_of: Callable[[bytes], bytes]
) -> web.StreamResponse:
    runtime = request.app[RUNTIME]
    identity = None if runtime.access is None else await identity_of(request)
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    is_chunked = request.version >= HttpVersion11
    outlet = StreamOutlet(transport, is_chunked=is_chunked, messages_of=messages_of)
    with _counted(request):
        stream = Stream(runtime, outlet)
        runtime.clients.add(stream)
        try:
            await open(stream, identity)
            return await _send(request, stream, outlet)
        finally:
            stream.close(stream.cause)
            runtime.clients.discard(stream)


async def _send(request: web.Request, stream: Stream, outlet: StreamOutlet) -> web.StreamResponse:
    response = web.StreamResponse(headers=_HEADERS)
    response.force_close()
    await response.prepare(request)
    if request.transport is None:
        return response
    settings = request.app[RUNTIME].settings
    bound_kernel_buffer(request.transport, settings)
    request.protocol.set_parser(cast(Any, _Listener(outlet)))  # it asks for no more than these
    _limit_unacknowledged(request.transport, settings.slow_seconds + COMMENT_SECONDS)
    outlet.start()
    await stream.serve()
    return response


def _limit_unacknowledged(transport: asyncio.Transport, seconds: float) -> None:
    """Make the kernel end the connection if what was sent is not acknowledged for so long.

    A comment is due meanwhile, so a client that vanished without a word is noticed.
    """
    raw = transport.get_extra_info("socket")
    is_tcp = raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6)
    if is_tcp and _USER_TIMEOUT is not None:
        raw.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, round(seconds * 1_000))


class _Listener:
    """Takes what the client still sends, which nobody asked for, and notices when it is gone."""

    __slots__ = ("_outlet",)

    def __init__(self, outlet: StreamOutlet) -> None:
        self._outlet = outlet

    def feed_data(self, _data: bytes) -> tuple[bool, bytes]:
        """Discard data."""
        return False, b""

    def feed_eof(self) -> None:
        """Note that the connection has ended."""
        self._outlet.lose()


@contextmanager
def _counted(request: web.Request) -> Iterator[None]:
    """Count the connection, as an open one, in the block.

    Raises:
        Refused: ``rate_limited`` if that is one too many, ``unavailable`` if the server stops
            or has been without its database for too long.
    """
    runtime, address = request.app[RUNTIME], address_of(request)
    if runtime.is_closed:
        raise Unavailable
    is_full = len(runtime.clients) >= runtime.settings.max_connections
    if is_full or not runtime.addresses.add(address):
        raise RateLimited("There are too many connections.", RETRY_SECONDS)
    try:
        yield
    finally:
        runtime.addresses.remove(address)


def _join_in(request: web.Request) -> JoinRequest:
    """Return the join that a request asks for.

    A browser that comes back repeats the query: then the id in its header counts.

    Raises:
        Refused: if it is not in form.
    """
    runtime, query = request.app[RUNTIME], query_of(request, StreamQuery)
    kind = JoinRequest if runtime.access is None else JoinAsPerson
    join = kind(
        request.match_info["room"],
        query.username,
        backlog=query.backlog,
        after=query.after,
        hash=query.hash,
    )
    if last := request.headers.get(LAST_EVENT_ID):
        join.backlog = None
        join.after, join.hash = cursor_in(last)
    join.check(runtime.limits)
    return join


def _joins_in(request: web.Request) -> tuple[dict[str, Cursor], list[JoinRequest]]:
    """Return the cursors from which a request resumes, by room, and the joins that it asks for.

    Raises:
        Refused: if it is not in form; the rooms are looked at when they are joined.
    """
    runtime, query = request.app[RUNTIME], query_of(request, StreamsQuery)
    kind = JoinRequest if runtime.access is None else JoinAsPerson
    rooms = list(dict.fromkeys(query.rooms))
    if not rooms:
        raise Refused("bad_command", "`rooms` must name the rooms, separated by commas.")
    if runtime.access is None:
        check_username(query.username, runtime.limits)
    cursors: dict[str, Cursor] = {}
    if last := request.headers.get(LAST_EVENT_ID):
        found = cursors_in(last)
        cursors = {
            room: NOWHERE if found is None else found[room]
            for room in rooms
            if found is None or room in found
        }
    joins = [
        kind(room, query.username, after=cursors[room][0], hash=cursors[room][1])
        if room in cursors
        else kind(room, query.username, backlog=query.backlog)
        for room in rooms
    ]
    return cursors, joins
