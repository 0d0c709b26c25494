"""Everything is done from the keyboard, and the sheet on ``?`` tells how."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

People = Any


async def test_the_sheet_of_keys_opens_and_closes(people: People) -> None:
    ada = await people("ada")
    await ada.composer.press("?")
    await expect(ada.composer).to_have_value("?")  # in a text it is a letter
    await ada.composer.fill("")
    await ada.log.focus()
    await ada.page.keyboard.press("?")
    await expect(ada.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)
    await expect(ada.log).to_be_focused()


async def test_rooms_are_found_joined_and_walked_through(people: People) -> None:
    ada = await people("ada")
    heading = ada.page.get_by_role("heading", level=1)
    for room in ("one", "two"):
        await ada.page.keyboard.press("Control+k")
        await ada.page.keyboard.type(room)
        await ada.page.keyboard.press("Enter")
        await expect(heading).to_contain_text(room)
    await ada.page.keyboard.press("Alt+ArrowDown")
    await expect(heading).to_contain_text("general")
    await ada.page.keyboard.press("Alt+ArrowUp")
    await expect(heading).to_contain_text("two")
    bob = await people("bob", "one")
    await bob.say("psst")
    await expect(ada.page.locator(".badge")).to_have_count(1)
    await ada.page.keyboard.press("Alt+Shift+ArrowDown")
    await expect(heading).to_contain_text("one")
    await ada.page.keyboard.press("Alt+Shift+ArrowUp")
    await expect(heading).to_contain_text("one")  # nothing else is unread
    await ada.page.keyboard.press("Control+k")
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("ArrowUp")
    await ada.page.keyboard.press("ArrowUp")
    await expect(ada.page.locator('[role="option"][aria-selected="true"]')).to_have_count(1)
    await ada.page.keyboard.press("Escape")


async def test_people_are_shown_and_hidden(people: People) -> None:
    ada = await people("ada")
    panel = ada.page.locator(".people")
    await expect(panel).to_be_visible()
    await ada.page.keyboard.press("Alt+p")
    await expect(panel).to_be_hidden()
    await ada.page.keyboard.press("Alt+p")
    await expect(panel).to_be_visible()


async def test_messages_are_walked_through_and_acted_on(people: People) -> None:
    ada = await people("ada")
    await ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for number in range(3):
        await ada.say(f"m{number}")
    await expect(ada.words).to_have_count(3)
    await ada.composer.press("ArrowUp")
    messages = ada.page.locator("[data-message]")
    await expect(messages.nth(2)).to_be_focused()
    await ada.page.keyboard.press("ArrowUp")
    await expect(messages.nth(1)).to_be_focused()
    await ada.page.keyboard.press("l")
    seq = await messages.nth(1).get_attribute("data-seq")
    copied = await ada.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{ada.url}/#/general/{seq}"
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("ArrowDown")
    await expect(ada.composer).to_be_focused()
    await ada.composer.press("ArrowUp")
    await ada.page.keyboard.press("c")
    await expect(ada.composer).to_be_focused()
    await ada.composer.press("ArrowUp")
    seq = await messages.nth(2).get_attribute("data-seq")
    await ada.page.keyboard.press("a")
    await ada.page.wait_for_url(f"**/audit?room=general&seq={seq}&witnesses={seq}")


async def test_the_log_is_scrolled_and_left_again(people: People) -> None:
    ada = await people("ada")
    for number in range(60):
        await ada.say(f"line {number}")
    await expect(ada.pending).to_have_count(0)
    await ada.page.keyboard.press("PageUp")
    await expect(ada.page.get_by_role("button", name="Jump to present")).to_be_visible()
    await ada.log.focus()
    await ada.page.keyboard.press("Home")
    await expect(ada.page.locator("[data-message]").first).to_be_in_viewport()
    await ada.page.keyboard.press("End")
    await expect(ada.page.locator("[data-message]").last).to_be_in_viewport()
    await ada.page.keyboard.press("PageUp")
    await ada.page.keyboard.press("PageDown")
    await ada.page.keyboard.press("PageUp")
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.locator("[data-message]").last).to_be_in_viewport()
    await expect(ada.composer).to_be_focused()
