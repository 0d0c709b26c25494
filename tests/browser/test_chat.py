"""People talk: what a newcomer does in the first ten minutes."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.browser.person import Person

People = Any


async def test_two_people_talk(people: People) -> None:
    ada, bob = await people("ada"), await people("bob")
    await ada.say("hello")
    await bob.say("hi ada")
    for person in (ada, bob):
        await person.sees("hello", "hi ada")
        await expect(person.page.locator(".people li .name")).to_have_text(["ada", "bob"])
        await expect(person.pending).to_have_count(0)
    await expect(bob.page.locator(".aside-line").first).to_contain_text("ada and bob joined")


async def test_tabs_of_one_person_count_once(people: People) -> None:
    ada, bob = await people("ada"), await people("bob")
    tab = await ada.context.new_page()
    ada.listen(tab)
    await tab.goto(ada.url)
    await expect(tab.locator(".connection")).to_contain_text("Connected")
    await expect(bob.page.locator(".people li .name")).to_have_text(["ada", "bob"])
    await tab.close()
    await ada.say("still here")
    await bob.sees("still here")
    await expect(bob.page.locator(".people li .name")).to_have_text(["ada", "bob"])


async def test_a_message_of_several_lines_an_address_and_an_action(people: People) -> None:
    ada = await people("ada")
    await ada.composer.fill("one")
    await ada.composer.press("Shift+Enter")
    await ada.composer.type("two, see https://example.org/a?b=(c).")
    await ada.composer.press("Enter")
    await ada.say("/me waves")
    await ada.sees("one\ntwo, see https://example.org/a?b=(c).", "ada waves")
    link = ada.words.locator("a")
    assert await link.get_attribute("href") == "https://example.org/a?b=(c"
    assert "noopener" in (await link.get_attribute("rel") or "")


async def test_unread_messages_of_other_rooms_are_counted_and_marked(people: People) -> None:
    ada, bob = await people("ada"), await people("bob")
    await ada.page.keyboard.press("Control+k")
    await ada.page.keyboard.type("design review")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("heading", name="design review")).to_be_visible()
    for number in range(3):
        await bob.say(f"news {number}")
    badge = ada.page.locator(".room-link", has_text="general").locator(".badge")
    await expect(badge).to_contain_text("3")
    await expect(ada.page).to_have_title("(3) design review · chatlog")
    await ada.page.locator(".room-link", has_text="general").click()
    await expect(ada.page.locator("[data-unread]")).to_be_visible()
    await expect(badge).to_have_count(0)
    await expect(ada.page).to_have_title("general · chatlog")
    await ada.say("seen")
    await expect(ada.page.locator("[data-unread]")).to_have_count(0)


async def test_rooms_and_unread_survive_a_reload(people: People) -> None:
    ada, bob = await people("ada"), await people("bob")
    await bob.say("before")
    await ada.sees("before")
    await ada.page.goto("about:blank")
    await bob.say("while away")
    await bob.sees("before", "while away")
    await ada.page.goto(ada.url)
    await ada.sees("before", "while away")
    await expect(ada.page.locator("[data-unread]")).to_be_visible()


async def test_a_link_leads_to_its_message(people: People) -> None:
    ada = await people("ada")
    for number in range(60):
        await ada.say(f"line {number}")
    await expect(ada.pending).to_have_count(0)
    first = ada.page.locator("[data-message]").first
    seq = await first.get_attribute("data-seq")
    address = await first.locator("a.time").get_attribute("href")
    assert address is not None
    assert address.endswith(f"#/general/{seq}")
    await ada.page.goto("about:blank")
    await ada.page.goto(address)
    await expect(ada.page.locator(f'[data-seq="{seq}"].targeted')).to_be_in_viewport()
    await ada.page.get_by_role("button", name="Jump to present").click()
    await expect(ada.page.locator("[data-message]").last).to_be_in_viewport()


async def test_drafts_belong_to_their_room_and_survive_a_reload(people: People) -> None:
    ada = await people("ada")
    await ada.composer.fill("half a thought")
    await ada.page.keyboard.press("Control+k")
    await ada.page.keyboard.type("other")
    await ada.page.keyboard.press("Enter")
    await expect(ada.composer).to_have_value("")
    await ada.page.reload()
    await ada.page.locator(".room-link", has_text="general").click()
    await expect(ada.composer).to_have_value("half a thought")


async def test_enter_while_an_input_method_composes_sends_nothing(people: People) -> None:
    ada = await people("ada")
    await ada.composer.focus()
    devtools = await ada.context.new_cdp_session(ada.page)
    await devtools.send(
        "Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    )
    await ada.composer.evaluate(
        """(area) => area.dispatchEvent(new KeyboardEvent("keydown",
             {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    await expect(ada.composer).to_have_value("にほん")
    await devtools.send("Input.insertText", {"text": "日本"})
    await ada.composer.press("Enter")
    await ada.sees("日本")


async def test_the_composer_counts_bytes_near_the_limit_and_stops_at_it(people: People) -> None:
    ada = await people("ada")
    await ada.composer.fill("x" * 7_000)
    await expect(ada.page.locator("#composer-count")).to_have_text("1,192 left")
    await ada.composer.fill("é" * 4_097)
    await expect(ada.page.locator("#composer-count")).to_have_text("2 bytes too long")
    await expect(ada.page.get_by_role("button", name="Send")).to_be_disabled()
    await ada.composer.press("Enter")
    await expect(ada.pending).to_have_count(0)
    await ada.say("é" * 4_096)
    await ada.sees("é" * 4_096)


async def test_a_name_the_server_refuses_is_asked_for_again(people: People) -> None:
    ada = await people("ada")
    await ada.page.evaluate(
        """() => { for (const key of Object.keys(localStorage))
             if (key.endsWith(":name")) localStorage.setItem(key, "x".repeat(65)); }"""
    )
    await ada.page.reload()
    await expect(ada.page.get_by_role("alert").first).to_be_visible()
    await ada.page.get_by_label("Your name").fill("ada again")
    await ada.page.get_by_role("button", name="Join").click()
    await ada.connected()


async def test_leaving_a_room_offers_the_next_step(people: People) -> None:
    ada, bob = await people("ada"), await people("bob")
    await bob.say("stay a while")
    await ada.page.keyboard.press("Control+k")
    await ada.page.get_by_text("Leave a room").click()
    await ada.page.get_by_role("button", name="Leave general").click()
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("heading", name="No room yet")).to_be_visible()
    await expect(bob.page.locator(".aside-line").last).to_contain_text("ada left")
    await expect(ada.page.get_by_role("button", name="Find a room").last).to_be_visible()


async def test_the_room_that_is_typed_wins_over_the_one_in_the_link(
    browser: Any, server: Any
) -> None:
    ada = await Person.open(browser, server.url, "ada")
    await ada.page.goto(f"{ada.url}/#/general/1")
    room = ada.page.get_by_label("Room", exact=True)
    await expect(room).to_have_value("general")
    await ada.page.evaluate("location.hash = '#/other'")
    await expect(room).to_have_value("other")  # a link that is followed meanwhile
    await room.fill("design review")
    await ada.page.get_by_label("Your name").fill("ada")
    await ada.page.get_by_role("button", name="Join").click()
    await ada.connected()
    await expect(ada.page.get_by_role("heading", name="design review")).to_be_visible()
    await expect(ada.page.locator(".room-link")).to_have_count(1)
    await expect(ada.page).to_have_url(f"{ada.url}/#/design%20review")
    await ada.close()


async def test_arrivals_and_departures_are_shown_in_the_order_of_the_log(people: People) -> None:
    ada = await people("ada")
    bob, cyd = await people("bob"), await people("cyd")
    await ada.say("hello")
    await bob.sees("hello")
    await bob.page.goto("about:blank")  # bob leaves, and only then dee comes
    line = ada.page.locator(".aside-line").last
    await expect(line).to_contain_text("bob left")
    await people("dee")
    await cyd.page.goto("about:blank")
    await expect(line.locator("span")).to_have_text(["bob left", "dee joined", "cyd left"])
