"""Add the HTTP API to an application."""

from __future__ import annotations

from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.web.api.described.serve import add_descriptions
from chatlog.web.api.endpoints import ENDPOINTS
from chatlog.web.keys import RUNTIME


def add_routes(app: web.Application) -> None:
    """Add everything under ``/api``. The application's middlewares make its errors JSON."""
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            # A HEAD would join a room that it is shown nothing of.
            app.router.add_get(endpoint.path, endpoint.handler, allow_head=not endpoint.is_stream)
        else:
            app.router.add_route(endpoint.method, endpoint.path, endpoint.handler)
    add_descriptions(app)
    app.router.add_route("*", "/api/webhooks", refuse_webhooks)


async def refuse_webhooks(request: web.Request) -> web.StreamResponse:
    """Refuse to manage webhooks in open mode; there are none yet."""
    if request.app[RUNTIME].access is None:
        raise Refused("forbidden", "In open mode webhooks are managed by the shell alone.")
    raise web.HTTPNotFound
