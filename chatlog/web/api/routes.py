"""Add the HTTP API to an application."""

from __future__ import annotations

from aiohttp import web

from chatlog.web.api.described.serve import add_descriptions
from chatlog.web.api.endpoints import ENDPOINTS


def add_routes(app: web.Application) -> None:
    """Add everything under ``/api``. The application's middlewares make its errors JSON."""
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            # A HEAD would join a room that it is shown nothing of.
            app.router.add_get(endpoint.path, endpoint.handler, allow_head=not endpoint.is_stream)
        else:
            app.router.add_route(endpoint.method, endpoint.path, endpoint.handler)
    add_descriptions(app)
