"""Add the HTTP API to an application."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.web.api.endpoints import ENDPOINTS
from chatlog.web.api.openapi import describe
from chatlog.web.api.replies import reply
from chatlog.web.keys import RUNTIME

_DESCRIPTION: Final = "/api/openapi.json"


def add_routes(app: web.Application) -> None:
    """Add everything under ``/api``. The application's middlewares make its errors JSON."""
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            # A HEAD would join a room that it is shown nothing of.
            app.router.add_get(endpoint.path, endpoint.handler, allow_head=not endpoint.is_stream)
        else:
            app.router.add_route(endpoint.method, endpoint.path, endpoint.handler)
    app.router.add_get(_DESCRIPTION, show_description)
    app.router.add_route("*", "/api/webhooks", refuse_webhooks)


async def refuse_webhooks(request: web.Request) -> web.StreamResponse:
    """Refuse to manage webhooks in open mode; there are none yet."""
    if request.app[RUNTIME].access is None:
        raise Refused("forbidden", "In open mode webhooks are managed by the shell alone.")
    raise web.HTTPNotFound


async def show_description(request: web.Request) -> web.StreamResponse:
    """Answer with the API's description in OpenAPI."""
    prefix = request.path.removesuffix(_DESCRIPTION)
    return await reply(request, _described(prefix))


@lru_cache(maxsize=16)  # takes tens of ms to make; one for each place where the API is mounted
def _described(prefix: str) -> dict[str, Any]:
    return describe(ENDPOINTS, prefix)
