"""Let pages of allowed origins read answers, in token mode: CORS, without credentials.

Tokens are sent in a header that no browser adds by itself, so an allowed page can do only what
its own user could.
"""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from chatlog.web.keys import SETTINGS
from chatlog.web.network.guards import is_allowed_origin, is_token_mode

_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"
_EXPOSED: Final = "ETag, Retry-After, WWW-Authenticate"
_PREFLIGHT_SECONDS: Final = "600"


def allow(request: web.Request, response: web.StreamResponse) -> None:
    """Add what an answer says to caches and, if its origin is allowed, to the page."""
    if not is_token_mode(request):
        return
    response.headers.add("Vary", "Origin, Authorization")
    origin = request.headers.get("Origin")
    if origin is not None and is_allowed_origin(origin, request.app[SETTINGS]):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED


def preflight(request: web.Request) -> web.Response | None:
    """Return the answer to a browser that asks before it sends a request; None otherwise."""
    asks = "Access-Control-Request-Method" in request.headers
    if request.method != hdrs.METH_OPTIONS or not asks or not is_token_mode(request):
        return None
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
    }
    return web.Response(status=204, headers=headers)
