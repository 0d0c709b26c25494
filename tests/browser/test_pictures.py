"""The README's pictures, taken of the demo.

They go into a temporary folder; with ``TEST_PICTURES=docs`` into that one.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.browser.person import Person
from tests.support.demo import Demo, demo

MAX_BYTES = 300_000
WINDOW = {"width": 760, "height": 640}
SIDE_BY_SIDE = """
  <style>
    body {{ margin: 0; padding: 36px; display: inline-flex; gap: 32px; background: #dfe3e8; }}
    img {{ display: block; border-radius: 10px; box-shadow: 0 10px 32px rgb(20 30 50 / .22); }}
  </style>
  {pictures}
"""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(tmp_path, "--seed", "1") as running:
        yield running
        assert await running.stop() == 0


def save(name: str, picture: bytes, tmp_path: Path) -> None:
    folder = Path(os.environ.get("TEST_PICTURES", tmp_path))
    (folder / name).write_bytes(picture)
    assert len(picture) < MAX_BYTES, f"{name} has {len(picture):,} bytes"


async def side_by_side(browser: Browser, pictures: Sequence[bytes]) -> bytes:
    sources = [f"data:image/png;base64,{base64.b64encode(each).decode()}" for each in pictures]
    images = "".join(f'<img src="{source}">' for source in sources)
    page = await browser.new_page(viewport={"width": 1800, "height": 800})
    await page.set_content(SIDE_BY_SIDE.format(pictures=images))
    picture = await page.locator("body").screenshot()
    await page.close()
    return picture


async def test_two_people_in_two_windows(browser: Browser, running: Demo, tmp_path: Path) -> None:
    look = {"viewport": WINDOW, "locale": "en-GB"}
    ada = await Person.open(browser, running.url, "Ada", **look)
    grace = await Person.open(browser, running.url, "Grace", color_scheme="dark", **look)
    for person in (ada, grace):
        await visit(person, "classroom", "trading-desk", "support")
    await ada.say("Hello from one window!")
    await heard(grace, "Hello from one window!")
    await grace.say("And from the other: same words, same place in the log.")
    await heard(ada, "And from the other")
    await ada.say("Even if the server crashes now?")
    await grace.say("Try it. Start it again, and nothing is lost or doubled.")
    for person in (ada, grace):
        await heard(person, "nothing is lost")
        await expect(person.pending).to_have_count(0)
    taken = await asyncio.gather(ada.page.screenshot(), grace.page.screenshot())
    save("two-windows.png", await side_by_side(browser, taken), tmp_path)
    for person in (ada, grace):
        await person.close()


async def visit(person: Person, first: str, *others: str) -> None:
    """Join these rooms and stay in the last one, with the pointer out of the way."""
    await person.join(first)
    for room in others:
        await person.page.goto(f"{person.url}/#/{room}")
        await expect(person.page.get_by_role("heading", name=room)).to_be_visible()
        await person.connected()
    await person.page.mouse.move(2, 400)


async def heard(person: Person, text: str) -> None:
    await expect(person.words.filter(has_text=text)).to_have_count(1)


async def test_the_time_machine(browser: Browser, running: Demo, tmp_path: Path) -> None:
    look = {"viewport": {"width": 1300, "height": 820}, "locale": "en-GB"}
    auditor = await Person.open(browser, running.url, "auditor", **look)
    page = auditor.page
    await page.goto(f"{running.url}/audit?room=support&seq={await seq_of(running, 'Flatpak')}")
    await expect(page.locator(".verdict.whole")).to_be_visible(timeout=30_000)
    await expect(page.locator(".presence canvas").last).to_be_visible()
    await expect(page.locator(".line.now")).to_contain_text("Flatpak")
    save("time-machine.png", await page.screenshot(), tmp_path)
    await auditor.close()


async def seq_of(running: Demo, words: str) -> int:
    address = f"{running.url}/api/rooms/support/events?types=chat&limit=500"
    async with aiohttp.ClientSession() as http, http.get(address) as answer:
        events = (await answer.json())["events"]
    return next(int(event["seq"]) for event in events if words in event["message"])
