"""A browser's own ``EventSource`` reads streams on the same origin: in open mode, and by cookie."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

from chatlog import Identity, Settings, chat_of, create_app
from tests.browser.bots import fill
from tests.browser.person import Person
from tests.support.server import Server

READ = """path => {
  window.got = [];
  window.source = new EventSource(path);
  const keep = (type) => ({ data, lastEventId }) => {
    if (data !== undefined) window.got.push({ ...JSON.parse(data), heard: type, id: lastEventId });
  };
  for (const type of ["message", "users", "caught_up", "error"])
    window.source.addEventListener(type, keep(type));
}"""
HAS = "text => window.got.some(({ message }) => message === text)"
CHATS = "window.got.filter(({ type }) => type === 'chat').map(({ message }) => message)"


async def test_in_open_mode_it_continues_after_a_crash(browser: Browser, server: Server) -> None:
    await fill(server, "general", ["one", "two"])
    ada = await Person.open(browser, server.url, "ada")
    await ada.page.goto(f"{server.url}/")
    await ada.page.evaluate(READ, "api/rooms/general/stream?username=ada&backlog=10")
    await ada.page.wait_for_function(HAS, arg="two")
    await server.kill()
    await server.start()
    await fill(server, "general", ["three"])
    await ada.page.wait_for_function(HAS, arg="three")
    assert await ada.page.evaluate(CHATS) == ["one", "two", "three"]
    heard = await ada.page.evaluate("window.got.filter(({ heard }) => heard === 'message')")
    assert all(each["id"] == f"{each['seq']}-{each['hash']}" for each in heard)
    await ada.close()


async def test_it_stops_when_the_place_is_wrong(browser: Browser, server: Server) -> None:
    await fill(server, "general", ["one"])
    ada = await Person.open(browser, server.url, "ada")
    await ada.page.goto(f"{server.url}/")
    place = f"username=ada&after=99&hash={'0' * 16}"
    await ada.page.evaluate(READ, f"api/rooms/general/stream?{place}")
    await ada.page.wait_for_function(
        "() => window.source.readyState === EventSource.CLOSED", timeout=60_000
    )
    assert await ada.page.evaluate("window.got.map(({ heard, code }) => [heard, code])") == [
        ["error", "after_unknown"]
    ]
    await ada.close()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[tuple[str, Any]]:
    """An application that signs people in by its own cookie, with a chat under a prefix."""

    def who(request: web.Request) -> Identity | None:
        name = request.cookies.get("session")
        return None if name is None else Identity(f"u-{name}", name=name)

    outer = web.Application()
    chat = create_app(Settings(database=f"sqlite:///{tmp_path}/shop.db"), authenticate=who)
    outer.add_subapp("/shop/chat", chat)
    async with TestServer(outer) as mounted:
        yield str(mounted.make_url("/shop/chat")), chat_of(chat)


async def _signed_in(browser: Browser, url: str, name: str) -> Page:
    context = await browser.new_context()
    await context.add_cookies([{"name": "session", "value": name, "url": url}])
    page = await context.new_page()
    await page.goto(f"{url}/")
    return page


async def test_a_cookie_signs_a_stream_in(browser: Browser, shop: tuple[str, Any]) -> None:
    url, chat = shop
    bob = Identity("u-bob", name="bob")
    room = await chat.create(access="private", members={"u-ada": "member"}, author=bob)
    path = f"api/rooms/{room}/stream?backlog=10"
    ada = await _signed_in(browser, url, "ada")
    await ada.evaluate(READ, path)
    await ada.wait_for_function("() => window.got.some(({ heard }) => heard === 'caught_up')")
    await chat.post(room, "for ada", author=bob)
    await ada.wait_for_function(HAS, arg="for ada")
    joins = "window.got.filter(({ event }) => event === 'join').map(({ username }) => username)"
    assert await ada.evaluate(joins) == ["ada"]

    eve = await _signed_in(browser, url, "eve")
    await eve.evaluate(READ, path)
    await eve.wait_for_function("() => window.source.readyState === EventSource.CLOSED")
    assert await eve.evaluate("window.got") == []

    with_role = Identity("u-bob", name="bob")
    await chat.member(room, "u-ada", "banned", author=with_role)
    await ada.wait_for_function(
        "() => window.source.readyState === EventSource.CLOSED", timeout=60_000
    )
    assert await ada.evaluate("window.got.at(-1).heard") == "error"
