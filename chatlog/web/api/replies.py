"""Send an answer with an ETag; cut the connection of a client that does not read it.

Clients may cache an answer but must revalidate it each time (``no-cache``): content erased
meanwhile must not be shown from a cache.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Final

import msgspec
from aiohttp import ETag, web

from chatlog.web.keys import RUNTIME

_CHUNK: Final = 65_536
_HEADERS: Final = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}


def is_known(request: web.Request, tag: str) -> bool:
    """Return whether the client already has the answer with this tag."""
    return any(known.value in (tag, "*") for known in request.if_none_match or ())


def unchanged(tag: str) -> web.Response:
    """Return a 304 answer: the client's copy is still valid."""
    response = web.Response(status=304, headers=_HEADERS)
    response.etag = ETag(tag)
    return response


async def reply(request: web.Request, body: object, tag: str | None = None) -> web.StreamResponse:
    """Send a JSON body, unless the client has it. The default tag is its hash."""
    text = msgspec.json.encode(body)
    tag = tag or sha256(text).hexdigest()[:32]
    if is_known(request, tag):
        return unchanged(tag)
    response = web.StreamResponse(headers=_HEADERS)
    response.content_type = "application/json"
    response.content_length = len(text)
    response.etag = ETag(tag)
    await response.prepare(request)
    if request.method != "HEAD":
        await _write(request, response, text)
    await response.write_eof()
    return response


async def _write(request: web.Request, response: web.StreamResponse, text: bytes) -> None:
    """Write piece by piece; disconnect a client that does not accept a piece in time."""
    seconds = request.app[RUNTIME].settings.slow_seconds
    loop, transport = asyncio.get_running_loop(), request.transport
    for start in range(0, len(text), _CHUNK):
        # Not a timeout around the write, which would leave the connection half written.
        cut = loop.call_later(seconds, transport.abort) if transport is not None else None
        try:
            await response.write(text[start : start + _CHUNK])
        finally:
            if cut is not None:
                cut.cancel()
