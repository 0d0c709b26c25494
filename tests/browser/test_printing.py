"""What is printed is the whole, on each page with what ties it to the log."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from pypdf import PdfReader

from tests.browser.bots import fill
from tests.browser.conftest import People
from tests.browser.person import Person
from tests.cli.command import chatlog, imported
from tests.support.server import Server

MESSAGES = 150


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, with single spaces."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


@pytest.fixture
def transcript(sqlite_url: str, tmp_path: Path) -> Path:
    """A transcript of a room with many messages."""
    log = tmp_path / "2006-12-10.small.txt"
    log.write_text("".join(f"[09:14] <ada> message {number}.\n" for number in range(MESSAGES)))
    imported(sqlite_url, log, "#small")
    file = tmp_path / "transcript.html"
    made = chatlog("export", "#small", "--format", "html", "--database", sqlite_url)
    file.write_text(made.stdout)
    return file


async def test_each_page_of_a_transcript_names_room_range_and_head(
    browser: Browser, transcript: Path
) -> None:
    page = await browser.new_page()
    await page.goto(transcript.as_uri())
    pages = pages_of(await page.pdf(prefer_css_page_size=True))
    assert len(pages) > 2
    last = MESSAGES + 2
    for number, text in enumerate(pages, 1):
        assert f"Room #small Events 1 to {last}. Times: UTC. Head: event {last}, hash" in text
        assert f"{number} / {len(pages)}" in text
    whole = " ".join(pages)
    assert [n for n in range(MESSAGES) if f"ada message {n}." not in whole] == []


async def test_the_time_machine_prints_every_selected_event(
    browser: Browser, server: Server
) -> None:
    await fill(server, "general", [f"message {number}." for number in range(MESSAGES)])
    auditor = await Person.open(browser, server.url, "auditor")
    await auditor.page.goto(f"{server.url}/audit?room=general&text=message")
    rows = auditor.page.locator(".rows .row")
    await expect(auditor.page.locator(".verdict.whole")).to_be_visible(timeout=30_000)
    drawn = await rows.count()
    assert drawn < MESSAGES
    whole = " ".join(pages_of(await auditor.page.pdf()))
    assert [n for n in range(MESSAGES) if f"message {n}." not in whole] == []
    assert f"{MESSAGES} events of" in whole
    await expect(rows).to_have_count(drawn)
    await auditor.close()


async def test_the_chat_prints_every_message_that_it_holds(people: People, server: Server) -> None:
    # Of five lines each: several pages.
    await fill(server, "general", [f"message {number}.\n\n\n\nend" for number in range(40)])
    ada = await people("ada")
    await expect(ada.words.last).to_contain_text("message 39.")
    whole = " ".join(pages_of(await ada.page.pdf()))
    assert [n for n in range(40) if f"message {n}." not in whole] == []
    assert "Message general" not in whole, "nor the box to write in"
