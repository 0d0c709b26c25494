"""However long the history: what is read stays in place, and the page stays small and quick."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.bots import fill
from tests.support.server import Server

People = Any

WATCH_LONG_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
  }).observe({ type: "longtask" });
}"""

# Scrolls up page by page, waiting for each page of history to come; returns how far the row in
# sight jumped at worst, and how many rows the page held at most.
SCROLL_UP = """async (log, pages) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const top = (row) => row.getBoundingClientRect().top;
  let jump = 0, rows = 0;
  for (let page = 0; page < pages; page++) {
    log.scrollTop = Math.max(1, log.scrollTop - log.clientHeight * 0.9);
    await frame();
    const edge = log.getBoundingClientRect().top;
    const row = [...log.querySelectorAll("[data-message]")].find((each) => top(each) > edge + 40);
    const before = top(row), seq = row.dataset.seq;
    for (let wait = 0; wait < 8; wait++) await frame();
    const after = log.querySelector(`[data-seq="${seq}"]`);
    jump = Math.max(jump, after ? Math.abs(top(after) - before) : 10_000);
    rows = Math.max(rows, log.querySelectorAll("[data-row]").length);
  }
  return { jump, rows };
}"""


async def test_scrolling_up_loads_older_messages_without_a_jump(
    people: People, server: Server
) -> None:
    await fill(server, "general", [f"line {number}" for number in range(1_000)])
    ada = await people("ada")
    found = await ada.log.evaluate(SCROLL_UP, 40)
    assert found["jump"] <= 1
    assert found["rows"] <= 700
    bob = await people("bob")
    await bob.say("news from below")
    await expect(ada.page.get_by_role("button", name="1 new message")).to_be_visible()
    await ada.page.get_by_role("button", name="1 new message").click()
    await expect(ada.page.locator("[data-message]").last).to_contain_text("news from below")
    await expect(ada.page.locator("[data-message]").last).to_be_in_viewport()


async def test_the_beginning_is_reached_and_the_way_back_has_no_gap(
    people: People, server: Server
) -> None:
    await fill(server, "general", [f"line {number}" for number in range(700)])
    ada = await people("ada")
    await ada.log.focus()
    for _ in range(30):
        await ada.page.keyboard.press("Home")
        if await ada.page.get_by_text("This is the beginning of").count():
            break
        await ada.page.wait_for_timeout(60)
    await expect(ada.words.first).to_have_text("line 0")
    seen: set[int] = set()
    for _ in range(120):
        seqs = await ada.page.locator("[data-message]").evaluate_all(
            "(rows) => rows.map((row) => Number(row.dataset.seq))"
        )
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        seen |= set(seqs)
        if not await ada.page.locator(".to-present").count():
            break
        await ada.page.keyboard.press("PageDown")
        await ada.page.wait_for_timeout(20)
    assert len(seen) == 700


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_hundred_thousand_messages_stay_smooth(people: People, server: Server) -> None:
    last = await fill(server, "general", [f"line {number}" for number in range(100_000)])
    ada = await people("ada")
    await ada.page.evaluate(WATCH_LONG_TASKS)
    found = await ada.log.evaluate(SCROLL_UP, 60)
    assert found["jump"] <= 1
    await ada.page.goto(f"{ada.url}/#/general/{last // 2}")
    await expect(ada.page.locator(".targeted")).to_be_in_viewport()
    found = await ada.log.evaluate(SCROLL_UP, 60)
    assert found["jump"] <= 1
    assert found["rows"] <= 700
    await ada.page.get_by_role("button", name="Jump to present").click()
    await expect(ada.words.last).to_have_text("line 99999")
    long_tasks = await ada.page.evaluate("window.longTasks")
    # A tenth of a second is what a person feels. Measured on two cores shared with a load of
    # six: 50 to 140 ms a page of history, nearly all of it the browser's layout.
    assert not long_tasks or median(long_tasks) < 150, sorted(long_tasks)
    assert max(long_tasks, default=0) < 500, sorted(long_tasks)
