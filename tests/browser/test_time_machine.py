"""The room as it was, at any event: the page tells what the command line tells."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.bots import fill
from tests.browser.person import Person
from tests.browser.test_accessibility import LOOKS, flaws
from tests.cli.command import lines
from tests.support.histories import OWN, REAL, history
from tests.support.server import Server

PRESENT = "[data-present] .name"


async def chatlog(server: Server, *arguments: str) -> list[dict[str, Any]]:
    """Run a command of the real program on the server's database; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatlog", *arguments, "--database", server.database),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]


@pytest.fixture(params=[OWN, REAL[0]])
async def imported(server: Server, request: pytest.FixtureRequest) -> Server:
    """The server with a history in the room ``ubuntu``."""
    file = history(request.param)
    await server.stop()
    await chatlog(server, "import", str(file), "--room", "ubuntu", "--format", "irc")
    await server.start()
    return server


@pytest.fixture
async def auditor(browser: Any, server: Server) -> Any:
    person = await Person.open(browser, server.url, "auditor")
    yield person
    await person.close()


async def visit(person: Person, **query: object) -> Page:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    await person.page.goto(f"{person.url}/audit?{words}")
    return person.page


async def at(page: Page) -> int:
    return int((await page.locator(".moment b").inner_text()).replace(",", ""))


async def test_the_room_at_random_events_is_what_the_command_line_says(
    auditor: Person, imported: Server
) -> None:
    page = await visit(auditor, room="ubuntu")
    await expect(page.locator(".verdict.whole")).to_be_visible(timeout=30_000)
    head = await at(page)
    chances = random.Random(4)
    events = await chatlog(imported, "history", "ubuntu", "--limit", str(head), "--json")
    slider = page.get_by_role("slider", name="Event")
    for seq in chances.sample(range(1, head + 1), 50):
        await slider.fill(str(seq))
        await expect(page.locator(".moment b")).to_have_text(f"{seq:,}")
        said = [event for event in events if event["type"] == "chat" and event["seq"] <= seq]
        seqs = await page.locator("[data-said]").evaluate_all(
            "(lines) => lines.map((line) => Number(line.dataset.said))"
        )
        assert seqs == [event["seq"] for event in said[-80:]]
        if said:
            await expect(page.locator("[data-said]").last).to_contain_text(
                said[-1]["message"].removeprefix("/me ")
            )
        listed = await asyncio.to_thread(users_at, imported, seq)
        assert await page.locator(PRESENT).all_text_contents() == listed[:60]


def users_at(server: Server, seq: int) -> list[str]:
    """Ask the command, in this process: fifty of their own would take a minute."""
    arguments = ("users", "ubuntu", "--at", seq, "--database", server.database)
    return [user["username"] for user in lines(*arguments)]


async def test_filters_are_in_the_address_and_narrow_table_and_export(
    auditor: Person, server: Server
) -> None:
    await fill(server, "general", ["apples", "pears", "Apple pie"], username="ada")
    await fill(server, "general", ["apples too"], username="bob")
    page = await visit(auditor, room="general")
    rows = page.locator(".table-pane .rows .row")
    await page.get_by_role("textbox", name="Text", exact=True).fill("apple")
    await expect(rows).to_have_count(3)
    await page.get_by_role("textbox", name="Who").fill("ada")
    await expect(rows).to_have_count(2)
    await page.wait_for_url("**/audit?*who=ada*text=apple*")
    async with page.expect_download() as download:
        await page.get_by_text("Export").click()
        await page.get_by_role("button", name="JSON lines").click()
    lines = Path(await (await download.value).path()).read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["apples", "Apple pie"]
    await page.reload()
    await expect(rows).to_have_count(2)
    await page.get_by_label("Type").select_option("leave")
    await expect(page.get_by_text("No event matches these filters")).to_be_visible()
    await page.get_by_role("button", name="Show all").click()
    await expect(rows).to_have_count(8)
    await page.get_by_role("textbox", name="From").fill("7")
    await expect(rows).to_have_count(2)


async def test_time_is_walked_with_keys_and_played(auditor: Person, server: Server) -> None:
    await fill(server, "general", [f"line {number}" for number in range(30)])
    page = await visit(auditor, room="general", seq=5)
    await expect(page.locator(".moment b")).to_have_text("5")
    for key, seq in (
        ("ArrowRight", 6),
        ("Shift+ArrowRight", 16),
        ("ArrowLeft", 15),
        ("Home", 1),
        ("End", 32),
        ("Shift+ArrowLeft", 22),
    ):
        await page.keyboard.press(key)
        await expect(page.locator(".moment b")).to_have_text(str(seq))
    await expect(page.locator("[data-said]").last).to_contain_text("line 20")
    await page.wait_for_url("**seq=22*")
    await page.get_by_label("Speed").select_option("50")
    await page.locator(".table-pane .scroll").focus()
    await page.keyboard.press("Space")
    await expect(page.locator(".moment b")).to_have_text("32")
    await expect(page.get_by_role("button", name="Play")).to_be_visible()


async def test_witnesses_of_a_message_and_what_proves_each(auditor: Person, server: Server) -> None:
    await fill(server, "general", ["who heard this?"], username="ada")
    await fill(server, "general", ["not me"], username="bob")
    page = await visit(auditor, room="general")
    await (
        page.locator(".table-pane .row.chat", has_text="who heard").get_by_text("witnesses").click()
    )
    groups = page.locator(".witnesses .group")
    await expect(groups.filter(has_text="Present").locator("li .name")).to_have_text(["ada"])
    await expect(page.locator(".witnesses li", has_text="bob")).to_be_visible()
    await page.wait_for_url("**witnesses=2*")
    await page.locator(".witnesses li", has_text="bob").get_by_role("button", name="joined").click()
    await expect(page.locator(".moment b")).to_have_text("4")
    await page.locator(".table-pane .scroll").focus()
    await page.keyboard.press("Escape")
    await expect(page.locator(".witnesses")).to_have_count(0)


async def test_what_was_erased_is_shown_as_erased(auditor: Person, server: Server) -> None:
    await fill(server, "general", ["a leak", "no leak"], username="ada")
    await server.stop()
    await chatlog(server, "redact", "general", "2", "--reason", "a leak")
    await server.start()
    page = await visit(auditor, room="general")
    await expect(page.locator(".verdict.whole")).to_be_visible()
    await expect(page.locator("[data-said]").first).to_contain_text("erased")
    await expect(page.locator(".table-pane .row.chat .gone")).to_have_count(1)
    await expect(page.locator(".table-pane .row.erasure")).to_have_count(1)
    await expect(page.get_by_text("a leak", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    "change",
    ["message: 'forged'", "username: 'mallory'", "at: '2020-01-01T00:00:00.000000Z'", "seq: 9"],
)
async def test_a_forged_answer_is_found_by_the_browser(
    auditor: Person, server: Server, change: str
) -> None:
    await fill(server, "general", ["one", "two", "three"], username="ada")
    await auditor.page.add_init_script(
        """const get = window.fetch;
           window.fetch = async (address, options) => {
             const answer = await get(address, options);
             if (!String(address).includes("proof=true")) return answer;
             const page = await answer.json();
             Object.assign(page.events[2], { CHANGE });
             return new Response(JSON.stringify(page), { status: 200 });
           };""".replace("CHANGE", change)
    )
    page = await visit(auditor, room="general")
    await expect(page.locator(".verdict.broken")).to_contain_text("Broken at seq 3")
    await page.locator(".verdict.broken").click()
    await expect(page.locator(".moment b")).to_have_text("3")


async def test_the_end_of_a_presence_is_hatched_where_it_is_inferred(
    auditor: Person, people: Any, server: Server
) -> None:
    await people("ada")
    await server.kill()
    await server.start()
    page = await visit(auditor, room="general")
    await expect(page.locator(".presence canvas").first).to_be_visible()
    await expect(page.locator(".table-pane .row.leave")).to_contain_text("lapsed")


@pytest.mark.parametrize("look", LOOKS)
async def test_axe_finds_nothing_serious(browser: Any, server: Server, look: str) -> None:
    await fill(server, "general", [f"line {number}" for number in range(40)], username="ada")
    auditor = await Person.open(browser, server.url, "auditor", **LOOKS[look])
    for view in ("table", "room", "people"):
        page = await visit(auditor, room="general", seq=20, view=view)
        await expect(page.locator(".verdict.whole")).to_be_visible()
        await page.wait_for_timeout(300)
        assert await flaws(page) == []
    page = await visit(auditor, room="general", witnesses=20, view="room")
    await expect(page.locator(".group").first).to_be_visible()
    assert await flaws(page) == []
    await auditor.close()


async def test_a_room_that_is_not_there_says_so(auditor: Person) -> None:
    page = await visit(auditor, room="nowhere")
    await expect(page.get_by_role("alert")).to_contain_text("nowhere cannot be shown")
    page = await visit(auditor)
    await expect(page.get_by_role("link", name="Go to the chat")).to_be_visible()


async def test_a_filter_that_cannot_be_read_shows_and_exports_nothing_and_says_why(
    auditor: Person, server: Server
) -> None:
    await fill(server, "general", ["one", "two", "three"])
    page = await visit(auditor, room="general")
    export, rows = page.locator("details.menu"), page.get_by_role("table").locator(".rows .row")
    await expect(rows.first).to_be_visible()
    for label, value in (("From", "some time"), ("To", "12:")):
        await page.get_by_label(label, exact=True).fill(value)
        await expect(page.get_by_role("alert")).to_contain_text(f"“{value}” is neither a seq nor")
        await expect(rows).to_have_count(0)
        await export.locator("summary").click()
        await expect(export).to_contain_text("is neither a seq nor a time")
        for name in ("JSON lines", "CSV table"):
            await expect(export.get_by_role("button", name=name)).to_be_disabled()
        await export.locator("summary").click()
        await page.get_by_label(label, exact=True).fill("")
        await expect(rows.first).to_be_visible()
    page = await visit(auditor, room="general", type="chats")
    await expect(page.get_by_role("alert")).to_contain_text("There are no events of type “chats”")
    await expect(rows).to_have_count(0)
