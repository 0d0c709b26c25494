"""The web application on a real port, in the test's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, web
from aiohttp.test_utils import TestClient, TestServer

from chatlog.settings import Settings
from chatlog.web import create_app

Browser = TestClient[web.Request, web.Application]


@asynccontextmanager
async def browsing(app: web.Application) -> AsyncIterator[Browser]:
    """Serve an application and yield a client of it."""
    async with TestClient(TestServer(app)) as client:
        yield client


@asynccontextmanager
async def served(url: str, **settings: Any) -> AsyncIterator[Browser]:
    """Serve a log with these settings and yield a client of it."""
    async with browsing(create_app(Settings(database=url, **settings))) as client:
        yield client


async def frame_of(ws: ClientWebSocketResponse, type: str) -> dict[str, Any]:
    """Return the next frame of this type."""
    while True:
        frame: dict[str, Any] = await ws.receive_json(timeout=10)
        if frame["type"] == type:
            return frame
