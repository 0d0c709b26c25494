"""The program that embeds chatlog says who people are, by a function of the request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from chatlog.domain.identity import Identity
from chatlog.settings import Settings
from chatlog.web import create_app
from tests.support.apps import Browser, browsing

from .people import Socket

Hook = Callable[[web.Request], Awaitable[Identity | None] | Identity | None]


def by_cookie(request: web.Request) -> Identity | None:
    name = request.cookies.get("who")
    scope = frozenset({request.cookies.get("as", "")})
    return None if name is None else Identity(f"u-{name}", name, scope)


async def by_cookie_later(request: web.Request) -> Identity | None:
    return by_cookie(request)


@pytest.fixture(params=[by_cookie, by_cookie_later])
async def browser(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[Browser]:
    hook: Hook = request.param
    async with browsing(create_app(Settings(database=sqlite_url), authenticate=hook)) as client:
        yield client


async def test_nobody_is_answered_401(browser: Browser) -> None:
    async with browser.get("/api/rooms") as reply:
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect("/ws")
    assert refused.value.status == 401
    async with browser.get("/healthz") as reply:
        assert reply.status == 200


async def test_whoever_is_known_is_greeted_and_let_in(browser: Browser) -> None:
    async with browser.ws_connect("/ws", headers={"Cookie": "who=ada"}) as ws:
        socket = Socket(ws)
        assert await socket.receive() == {
            "type": "auth",
            "subject": "u-ada",
            "username": "ada",
            "scope": [],
            "expires_at": None,
        }
        await socket.join("room")
        await socket.chat("room", "hi")
        assert (await socket.ask("auth", token="x"))["code"] == "token_invalid"
        await socket.chat("room", "still here")
    async with browser.get("/api/rooms/room/events", headers={"Cookie": "who=ada"}) as reply:
        assert reply.status == 200
    async with browser.get("/api/rooms/room/verify", headers={"Cookie": "who=ada"}) as reply:
        assert reply.status == 403
    cookie = {"Cookie": "who=ada; as=audit"}
    async with browser.get("/api/rooms/room/verify", headers=cookie) as reply:
        assert reply.status == 200


@pytest.mark.parametrize("who", ["(erased)", "%20", "a" * 200])
async def test_an_identity_that_is_not_in_form_is_nobody(browser: Browser, who: str) -> None:
    async with browser.get("/api/rooms", headers={"Cookie": f"who={who}"}) as reply:
        assert reply.status in (200, 401)
        assert reply.status == 401 or who == "%20"


async def test_pages_of_other_origins_may_not_ride_on_a_cookie(browser: Browser) -> None:
    headers = {"Cookie": "who=ada", "Origin": "https://evil.example"}
    async with browser.post("/api/rooms", headers=headers, json={"room": "x"}) as reply:
        assert reply.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.ws_connect("/ws", headers=headers)
    assert refused.value.status == 403
