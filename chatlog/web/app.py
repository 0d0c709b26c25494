"""The application: routes, guards, and a node that starts and stops with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from chatlog.runtime import running
from chatlog.settings import Settings
from chatlog.web import api, health, hooks, metrics, pages
from chatlog.web.api.errors import entrance
from chatlog.web.keys import AUTHENTICATE, RUNTIME, SETTINGS, Authenticate
from chatlog.web.network import cors
from chatlog.web.sockets import serve as sockets

NAME: Final = "chatlog"
"""The ``Server`` header of every answer; aiohttp's own discloses versions to attackers."""


def create_app(
    settings: Settings | None = None, *, authenticate: Authenticate | None = None
) -> web.Application:
    """Return the application. Its node starts with it and stops with it.

    ``authenticate`` says who sends a request, on sockets, HTTP and pages; None is nobody, who is
    answered 401. It means token mode, whatever the settings say, and needs no key.

    Raises:
        LogError: at start-up, if the database is in use, foreign or too new.
    """
    app = web.Application(middlewares=[entrance])
    app[SETTINGS] = settings or Settings()
    if authenticate is not None:
        app[AUTHENTICATE] = authenticate
    app.cleanup_ctx.append(_run)
    app.on_shutdown.append(_stop)
    app.on_response_prepare.append(_sign)
    app.router.add_get("/", _home, name="home")
    app.router.add_get("/ws", sockets.serve)
    health.add_probes(app)
    app.router.add_get("/metrics", metrics.show)
    api.add_routes(app)
    hooks.add_hooks(app)
    pages.add_pages(app)
    return app


async def _run(app: web.Application) -> AsyncIterator[None]:
    async with running(app[SETTINGS], has_hook=AUTHENTICATE in app) as runtime:
        app[RUNTIME] = runtime
        yield


async def _stop(app: web.Application) -> None:
    # Sockets are closed here, before aiohttp waits for their handlers: left to it, a stop
    # takes twice its timeout and clients see 1006.
    await app[RUNTIME].stop()


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = NAME
    cors.allow(request, response)


async def _home(request: web.Request) -> web.StreamResponse:
    """Answer ``/`` with the page, or with a WebSocket for the tutorial's clients."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await sockets.serve(request)
    return await pages.home(request)
