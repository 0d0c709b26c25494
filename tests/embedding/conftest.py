"""Programs that embed a server: its users sign in by a header, and ``chat_of`` is their door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from chatlog import Identity, Settings, chat_of, create_app
from chatlog.web.embedding import EmbeddedChat
from tests.support.apps import Browser, browsing

SHOP = Identity("shop", name="Shop")
ADA, BOB = Identity("u-1", name="ada"), Identity("u-2", name="bob")

Embedded = Callable[..., AbstractAsyncContextManager[tuple[EmbeddedChat, Browser]]]


def who(request: web.Request) -> Identity | None:
    """Return who sends a request: the subject and the name are in its header."""
    subject, _, name = request.headers.get("Who", "").partition(" ")
    return Identity(subject, name=name) if subject else None


@asynccontextmanager
async def embedded(
    url: str, *, is_open: bool = False, **settings: Any
) -> AsyncIterator[tuple[EmbeddedChat, Browser]]:
    """Run a server on a log; yield its door and a client of it. It polls rarely."""
    chosen = Settings(database=url, **{"poll_seconds": 30.0, **settings})
    app = create_app(chosen, authenticate=None if is_open else who)
    async with browsing(app) as browser:
        yield chat_of(app), browser


@pytest.fixture
async def chat(database_url: str) -> AsyncIterator[EmbeddedChat]:
    """The door of a server in token mode."""
    async with embedded(database_url) as (chat, _):
        yield chat
