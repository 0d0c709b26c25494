"""People in Debian's Chromium, against the real server as a process of its own.

Skipped by name where there is no Chromium. A page that reports an error, a warning or a
breach of its security policy fails its test, whatever the test looked at.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.network import Cable
from tests.browser.person import Person
from tests.support.served import server
from tests.support.server import Server

__all__ = ["server"]

CHROMIUM = shutil.which("chromium")
HERE = Path(__file__).parent

FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that a test changes on its way counts as one from the internet.
    "--disable-features=LocalNetworkAccessChecks",
    # A test's second window is as much in front as its first.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)

People = Callable[..., Awaitable[Person]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, which run in a pytest call of their own."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no chromium: install Debian's package"))


@pytest.fixture
async def cable(server: Server) -> AsyncIterator[Cable]:
    """A way to the server that can be cut."""
    cable = Cable(server.port)
    await cable.plug_in()
    yield cable
    await cable.cut()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture
async def people(browser: Browser, server: Server) -> AsyncIterator[People]:
    """``await people("ada")`` opens a browser of somebody's own and has them join a room."""
    opened: list[Person] = []

    async def open_page(
        name: str, room: str = "general", *, url: str | None = None, **context: object
    ) -> Person:
        person = await Person.open(browser, url or server.url, name, **context)
        opened.append(person)
        await person.join(room)
        return person

    yield open_page
    for person in opened:
        await person.close()
