"""The pages speak the browser's language, and have the title and the colours of their server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.person import Person
from tests.browser.test_accessibility import LOOKS, flaws
from tests.support.server import Server


async def test_a_german_browser_gets_german_pages(browser: Browser, server: Server) -> None:
    ada = await Person.open(browser, server.url, "ada", locale="de-AT")
    await ada.page.goto(f"{server.url}/")
    await expect(ada.page.locator("html")).to_have_attribute("lang", "de")
    await ada.page.get_by_label("Dein Name").fill("ada")
    await ada.page.get_by_label("Raum", exact=True).fill("Küche")
    await ada.page.get_by_role("button", name="Eintreten").click()
    await expect(ada.page.locator(".connection")).to_contain_text("Verbunden")
    await ada.say("Servus")
    await ada.sees("Servus")
    await expect(ada.page.locator(".day")).to_have_text("Heute")
    await expect(ada.page.locator(".aside-line")).to_have_text("Gekommen: ada")
    await expect(ada.composer).to_have_attribute("placeholder", "Nachricht an Küche")
    await ada.page.get_by_role("link", name="Zeitmaschine").click()
    await expect(ada.page.locator("html")).to_have_attribute("lang", "de")
    await expect(ada.page.locator(".verdict.whole")).to_contain_text("Geprüft, ")
    await expect(ada.page).to_have_title("Küche · Zeitmaschine · chatlog")
    await ada.close()


async def test_a_browser_of_another_language_gets_english(browser: Browser, server: Server) -> None:
    ada = await Person.open(browser, server.url, "ada", locale="cy")
    await ada.join("general")
    await expect(ada.page.locator("html")).to_have_attribute("lang", "en")
    await ada.close()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with a title of its own, and an accent that nobody could read on white."""
    flags = ("--title", "Ada & <Bob>", "--accent", "#ffee00")
    server = Server(f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop.log", flags=flags)
    await server.start()
    yield server
    await server.kill()


@pytest.mark.parametrize("look", LOOKS)
async def test_a_title_and_an_accent_are_on_all_pages(
    browser: Browser, shop: Server, look: str
) -> None:
    ada = await Person.open(browser, shop.url, "ada", **LOOKS[look])
    await ada.page.goto(f"{shop.url}/")
    await expect(ada.page).to_have_title("Ada & <Bob>")
    await expect(ada.page.locator(".brand")).to_have_text("Ada & <Bob>")
    assert await flaws(ada.page) == []
    await ada.join("general")
    await ada.composer.fill("hello ada")
    await ada.page.get_by_role("button", name="Send").click()  # a phone's Enter is a new line
    await ada.sees("hello ada")
    assert await flaws(ada.page) == []
    for path in ("audit?room=general", "embed/general"):
        await ada.page.goto(f"{shop.url}/{path}")
        await expect(ada.page.locator(".verdict.whole, .log .words")).to_be_visible()
        await expect(ada.page).to_have_title(
            "general · " + "Time machine · " * ("audit" in path) + "Ada & <Bob>"
        )
        assert await flaws(ada.page) == []
        assert "#ffee00" in await _variable(ada.page, "--accent-ground")
    await ada.close()


async def _variable(page: Any, name: str) -> str:
    found: str = await page.evaluate(
        f"getComputedStyle(document.documentElement).getPropertyValue('{name}')"
    )
    return found
