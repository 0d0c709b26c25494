"""Health probes: whether the process is alive, and whether the log can be written."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatlog.web.answers import error
from chatlog.web.keys import RUNTIME

METHODS: Final = ("GET", "HEAD", "OPTIONS")
"""The methods of probes; OPTIONS is HAProxy's default."""


def add_probes(app: web.Application) -> None:
    """Add ``/healthz`` and ``/readyz``."""
    for path, name, handler in (("/healthz", "alive", alive), ("/readyz", "ready", ready)):
        resource = app.router.add_resource(path, name=name)
        for method in METHODS:
            resource.add_route(method, handler)


async def alive(_request: web.Request) -> web.Response:
    """Answer 200: the process runs."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Answer 200 if the last commit, a real one or a probe, succeeded; otherwise 503."""
    if await request.app[RUNTIME].is_ready():
        return web.Response(text="ready\n")
    return error(503, "unavailable", "The log cannot be written now.")
