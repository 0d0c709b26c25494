"""Errors over HTTP: the status of each error code, and JSON bodies."""

from __future__ import annotations

import logging
import math
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from chatlog.domain.errors import OutcomeUnknown, RateLimited, Refused, Unavailable
from chatlog.web import answers
from chatlog.web.keys import RUNTIME
from chatlog.web.network.cors import preflight
from chatlog.web.network.guards import check

logger = logging.getLogger(__name__)

STATUS: Final = {
    "bad_command": 400,
    "not_authenticated": 401,
    "token_invalid": 401,
    "room_invalid": 400,
    "after_unknown": 400,
    "forbidden": 403,
    "room_unknown": 404,
    "webhook_unknown": 404,
    "diverged": 409,
    "id_conflict": 409,
    "room_exists": 409,
    "username_taken": 409,
    "rate_limited": 429,
    "overloaded": 503,
    "storage_full": 503,
    "unavailable": 503,
}
_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


@web.middleware
async def entrance(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the guards, and answer refusals by chatlog or aiohttp with a JSON body.

    One middleware does both: each further one costs every open WebSocket a stack frame of 0.3 KiB.
    """
    try:
        check(request)
        return preflight(request) or await handler(request)
    except Refused as error:
        return _refusal(request, error)
    except OutcomeUnknown as unknown:
        return _refusal(request, Unavailable(unknown.sentence))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = _error(request, error.status, _CODES.get(error.status, "http"), error.reason)
        for name, value in error.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                response.headers[name] = value
        return response
    except Exception as error:  # a bug, or a database that failed while it was read
        if isinstance(error, ConnectionError) and _has_gone(request):
            logger.debug("A client was gone before its answer: %s", type(error).__name__)
            return web.Response(status=499)  # for nobody; raised, it would be logged as a bug
        logger.exception("%s %s could not be answered", request.method, _route(request))
        return _error(request, 503, "unavailable", "This cannot be answered now. Try again.")


def _route(request: web.Request) -> str:
    """Return the pattern of a request's path: the path itself has names, and may have secrets."""
    resource = request.match_info.route.resource
    return "(unknown path)" if resource is None else resource.canonical


def _refusal(request: web.Request, error: Refused) -> web.Response:
    response = _error(request, STATUS.get(error.code, 400), error.code, error.sentence)
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _has_gone(request: web.Request) -> bool:
    """Return whether the lost connection is the client's and not the database's."""
    return request.transport is None or request.transport.is_closing()


def _error(request: web.Request, status: int, code: str, message: str) -> web.Response:
    request.app[RUNTIME].refusals[code] += 1
    response = answers.error(status, code, message)
    # By default a cache may keep a 404, but the room may be created at any moment.
    response.headers["Cache-Control"] = "no-store"
    return response
