"""Servers in token mode, and people who come to them.

``token_server`` starts a process of its own; ``open_world`` serves in the test's process, on a real
port too, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.flows.conftest import pytest_runtest_makereport, serve
from tests.support.apps import served
from tests.support.server import Server

from .people import Issuer, World

__all__ = ["pytest_runtest_makereport", "serve"]

Open = Callable[..., Awaitable[World]]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer.at(tmp_path)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A session that lets go of all its sockets, also of those that a test leaves open.

    Else the garbage collector may find their connections, and fails whichever test runs then.
    """
    opened: list[aiohttp.ClientWebSocketResponse] = []

    class Kept(aiohttp.ClientWebSocketResponse):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            opened.append(self)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, ws_response_class=Kept) as session:
        yield session
    for socket in opened:
        socket._response.close()


@pytest.fixture
def token_server(
    serve: Callable[..., Awaitable[Server]],
    issuer: Issuer,
    http: aiohttp.ClientSession,
    tmp_path: Path,
) -> Open:
    """``await token_server("--flag", "value")`` starts a server in token mode."""

    async def start(*flags: str, database: str = "") -> World:
        url = database or f"sqlite:///{tmp_path}/chat.db"
        server = await serve(url, *issuer.flags, *flags)
        return World(server.url, issuer, http)

    return start


@pytest.fixture
async def open_world(
    issuer: Issuer, http: aiohttp.ClientSession, sqlite_url: str
) -> AsyncIterator[Open]:
    """``await open_world(setting=value)`` serves in token mode."""
    async with AsyncExitStack() as stack:

        async def start(database: str = sqlite_url, **settings: Any) -> World:
            given = {"auth": "token", "token_secret_file": str(issuer.file), **settings}
            browser = await stack.enter_async_context(served(database, **given))
            return World(str(browser.make_url("")).rstrip("/"), issuer, http)

        yield start


@pytest.fixture
async def world(open_world: Open) -> World:
    return await open_world(max_rooms_created_per_hour=1_000)
