"""axe finds nothing serious, in every look and on a phone; the log is quiet while it loads."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.browser.bots import fill
from tests.support.server import Server

People = Any

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True},
}


async def flaws(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for rule in found.response["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
async def test_the_page_as_it_is_used(people: People, server: Server, look: str) -> None:
    await fill(server, "general", [f"line {number}, ada" for number in range(12)])
    ada = await people("ada", **LOOKS[look])
    await ada.say("see https://example.org/ and tell me")
    await expect(ada.pending).to_have_count(0)
    assert await flaws(ada.page) == []
    await server.kill()
    await expect(ada.page.locator(".offline")).to_be_visible()
    await ada.composer.fill("not yet sent")
    await ada.page.get_by_role("button", name="Send").click()
    await expect(ada.pending).to_be_visible()
    assert await flaws(ada.page) == []


@pytest.mark.parametrize("look", LOOKS)
async def test_the_dialogs(people: People, look: str) -> None:
    ada = await people("ada", **LOOKS[look])
    await ada.page.keyboard.press("Control+k")
    await ada.page.keyboard.type("new room")
    assert await flaws(ada.page) == []
    await ada.page.keyboard.press("Escape")
    await ada.log.focus()
    await ada.page.keyboard.press("?")
    assert await flaws(ada.page) == []
    await ada.page.keyboard.press("Escape")
    if look == "phone":
        await ada.page.get_by_role("button", name="Rooms").click()
        assert await flaws(ada.page) == []
    await ada.page.locator(".self").click()
    await expect(ada.page.get_by_role("dialog", name="Settings")).to_be_visible()
    assert await flaws(ada.page) == []


@pytest.mark.parametrize("look", LOOKS)
async def test_the_first_page(people: People, look: str) -> None:
    ada = await people("ada", **LOOKS[look])
    await ada.page.evaluate("localStorage.clear()")
    await ada.page.reload()
    await ada.page.get_by_role("button", name="Join").click()
    assert await flaws(ada.page) == []


async def test_the_log_is_read_aloud_only_when_it_is_news(people: People, server: Server) -> None:
    await fill(server, "general", [f"line {number}" for number in range(400)])
    ada = await people("ada")
    await expect(ada.log).to_have_attribute("aria-live", "polite")
    await ada.page.evaluate(
        """() => {
             window.liveWhileGrowing = [];
             const log = document.querySelector("[role=log]");
             new MutationObserver((records) => {
               if (records.filter(({ addedNodes }) => addedNodes.length > 0).length > 20)
                 window.liveWhileGrowing.push(log.getAttribute("aria-live"));
             }).observe(log, { childList: true });
           }"""
    )
    await ada.log.focus()
    await ada.page.keyboard.press("Home")
    await expect(ada.page.locator("[data-message]", has_text="line 250")).to_have_count(1)
    while_growing = await ada.page.evaluate("window.liveWhileGrowing")
    assert while_growing
    assert set(while_growing) == {"off"}
    await ada.page.keyboard.press("End")
    await expect(ada.log).to_have_attribute("aria-live", "polite")


async def test_what_is_dark_and_light_can_be_chosen_and_stays(people: People) -> None:
    ada = await people("ada", color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = await ada.page.evaluate(ground)
    await ada.page.locator(".self").click()
    await ada.page.get_by_role("radio", name="Dark").check()
    dark = await ada.page.evaluate(ground)
    assert dark != light
    await ada.page.reload()
    assert await ada.page.evaluate(ground) == dark
