"""``/embed/{room}``: one room in the frame of another page, as narrow as it gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, FrameLocator, Page, expect

from chatlog.settings import Settings
from chatlog.web.app import create_app
from tests.browser.bots import fill
from tests.browser.person import Person
from tests.browser.test_accessibility import flaws
from tests.support.server import Server

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 480}}
PARENT = "http://shop.example"


@pytest.fixture
async def framed(tmp_path: Path, browser: Browser) -> Any:
    """A server that one origin may frame."""
    flags = ("--frame-ancestor", PARENT, "--frame-ancestor", "https://other.example:8443")
    server = Server(f"sqlite:///{tmp_path}/framed.db", tmp_path / "framed.log", flags=flags)
    await server.start()
    yield server
    await server.kill()


async def _parent(page: Page, origin: str, body: str) -> None:
    async def answer(route: Any) -> None:
        await route.fulfill(content_type="text/html", body=f"<!doctype html><p>shop</p>{body}")

    await page.route(f"{origin}/", answer)
    await page.goto(f"{origin}/")


async def _enter(page: Page | FrameLocator, name: str) -> None:
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Join").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_one_room_in_320_pixels(browser: Browser, server: Server, scheme: str) -> None:
    await fill(server, "order 7 & more", [f"line {number}, " * 9 for number in range(12)])
    ada = await Person.open(browser, server.url, "ada", color_scheme=scheme, **NARROW)
    await ada.page.goto(f"{server.url}/embed/{quote('order 7 & more')}")
    await expect(ada.page.get_by_role("heading", name="order 7 & more")).to_be_visible()
    assert await flaws(ada.page) == []
    await _enter(ada.page, "ada")
    await ada.say("https://example.org/" + "x" * 200)
    await expect(ada.words).to_have_count(13)
    await expect(ada.page.locator(".sidebar")).to_have_count(0)
    await expect(ada.page.get_by_role("button", name="Rooms")).to_have_count(0)
    await expect(ada.page.locator("a[href*=audit]")).to_have_count(0)
    assert await ada.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await ada.measure("log => log.scrollWidth - log.clientWidth") == 0
    assert await flaws(ada.page) == []
    await ada.page.get_by_role("button", name="1 present").click()
    await expect(ada.page.get_by_role("complementary", name="People present")).to_be_visible()
    assert await flaws(ada.page) == []
    await ada.page.keyboard.press("Escape")
    await ada.page.get_by_role("button", name="Settings").click()
    await expect(ada.page.get_by_role("dialog", name="Settings")).to_be_visible()
    assert await flaws(ada.page) == []
    await ada.page.keyboard.press("Escape")
    await ada.page.reload()
    await expect(ada.words).to_have_count(13)
    await ada.close()


async def test_it_works_by_keyboard_alone(browser: Browser, server: Server) -> None:
    await fill(server, "general", ["before", "after"])
    ada = await Person.open(browser, server.url, "ada", **NARROW)
    await ada.page.goto(f"{server.url}/embed/general")
    await expect(ada.page.get_by_label("Your name")).to_be_focused()
    await ada.page.keyboard.type("ada")
    await ada.page.keyboard.press("Enter")
    await expect(ada.composer).to_be_focused()
    await ada.page.keyboard.type("typed")
    await ada.page.keyboard.press("Enter")
    await ada.sees("before", "after", "typed")
    await ada.page.keyboard.press("ArrowUp")
    await expect(ada.page.locator("[data-message]").last).to_be_focused()
    await ada.page.keyboard.press("?")
    keys = ada.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(keys).to_contain_text("Write a message")
    await expect(keys).not_to_contain_text("Next room")
    await ada.page.keyboard.press("Escape")
    await ada.page.keyboard.press("Control+k")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    for _ in range(8):
        await ada.page.keyboard.press("Tab")
        if await ada.page.evaluate("document.activeElement.ariaLabel") == "Settings":
            break
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("dialog", name="Settings")).to_be_visible()
    await ada.close()


async def test_it_leaves_the_rooms_of_the_chat_alone(browser: Browser, server: Server) -> None:
    ada = await Person.open(browser, server.url, "ada")
    await ada.join("general")
    await ada.page.goto(f"{server.url}/embed/other#/general")
    await expect(ada.page.get_by_role("log", name="Messages in other")).to_be_visible()
    await ada.say("here")
    await ada.sees("here")
    await ada.page.goto(f"{server.url}/")
    await expect(ada.page.locator(".room-link")).to_have_count(1)
    await expect(ada.page.get_by_role("log", name="Messages in general")).to_be_visible()
    await ada.close()


async def test_only_the_named_origins_may_frame_it(browser: Browser, framed: Server) -> None:
    ada = await Person.open(browser, framed.url, "ada")
    frame = f"<iframe src='{framed.url}/embed/general' width=320 height=480></iframe>"
    await _parent(ada.page, PARENT, frame)
    inside = ada.page.frame_locator("iframe")
    await _enter(inside, "ada")
    await inside.locator("#composer").fill("from a frame")
    await inside.locator("#composer").press("Enter")
    await expect(inside.locator("[data-message] .words")).to_have_text("from a frame")
    before = await ada.page.evaluate("history.length")
    await inside.locator("[data-message] .time").click()
    assert await ada.page.evaluate("history.length") == before
    assert ada.complaints == []

    await _parent(ada.page, "http://evil.example", frame)
    await expect(ada.page.get_by_text("shop")).to_be_visible()
    await expect(ada.page.frame_locator("iframe").locator("#app")).to_have_count(0)
    assert any("frame-ancestors" in each for each in ada.complaints)
    ada.complaints.clear()
    await ada.close()


async def test_it_works_under_a_prefix(browser: Browser, tmp_path: Path) -> None:
    outer = web.Application()
    outer.add_subapp("/shop/chat", create_app(Settings(database=f"sqlite:///{tmp_path}/m.db")))
    async with TestServer(outer) as mounted:
        url = str(mounted.make_url("/shop/chat"))
        ada = await Person.open(browser, url, "ada", **NARROW)
        requested: list[str] = []
        ada.page.on("request", lambda request: requested.append(request.url))
        await ada.page.goto(f"{url}/embed/{quote('a room & more')}")
        await _enter(ada.page, "ada")
        await ada.say("under a prefix")
        await ada.sees("under a prefix")
        assert all(each.startswith((f"{url}/", "data:")) for each in requested)
        await ada.close()
