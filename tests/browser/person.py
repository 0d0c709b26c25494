"""Somebody at a page: what they do and what they see, in words of the page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

# Chromium reports each lost connection itself; the tests that lose one on purpose look at what
# the page makes of it.
NETWORK = ("WebSocket connection to", "Failed to load resource: ")

WATCH_POLICY = """
  addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@dataclass  # not slotted: Playwright marks the object whose method listens
class Person:
    name: str
    url: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, browser: Browser, url: str, name: str, **options: Any) -> Self:
        options.setdefault("viewport", {"width": 1200, "height": 760})
        context = await browser.new_context(**options)
        await context.add_init_script(WATCH_POLICY)
        person = cls(name, url, context, await context.new_page())
        person.listen(person.page)
        return person

    def listen(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(NETWORK):
            self.complaints.append(f"{message.type}: {message.text}")

    async def close(self) -> None:
        await self.context.close()
        assert self.complaints == []

    async def join(self, room: str) -> None:
        await self.page.goto(f"{self.url}/")
        await self.page.get_by_label("Your name").fill(self.name)
        await self.page.get_by_label("Room", exact=True).fill(room)
        await self.page.get_by_role("button", name="Join").click()
        await self.connected()

    async def connected(self) -> None:
        await expect(self.page.locator(".connection")).to_contain_text("Connected")

    async def reconnect(self) -> None:
        """Have the page try now, unless it comes back by itself before."""
        button = self.page.get_by_role("button", name="Try now").first
        with suppress(PlaywrightTimeout):
            await button.click(timeout=2_000)
        await expect(self.page.locator(".connection")).to_contain_text("Connected", timeout=30_000)

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def words(self) -> Locator:
        """The texts of the messages that are in the log."""
        return self.page.locator("[data-message] .words")

    @property
    def pending(self) -> Locator:
        return self.page.locator("[data-pending]")

    async def sees(self, *texts: str) -> None:
        """Wait until the messages in the page are these and no others, in this order."""
        await expect(self.words).to_have_text(list(texts))

    async def measure(self, script: str) -> Any:
        """Evaluate a function of the log's element."""
        return await self.log.evaluate(script)
