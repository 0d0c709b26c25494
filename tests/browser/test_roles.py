"""Rooms and roles in the page: what one's role allows is there, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.person import Person
from tests.browser.signing_in import Signed, go, order, server, signed, token_of
from tests.browser.test_accessibility import LOOKS, flaws
from tests.support.server import Server

__all__ = ["server", "signed"]


def notes(person: Person) -> Locator:
    return person.page.locator("[data-note]")


def dialog(person: Person, name: str) -> Locator:
    return person.page.get_by_role("dialog", name=name)


async def create(person: Person, *, access: str, name: str = "", topic: str = "") -> str:
    """Create a room in the dialog, and return its name as in the address."""
    await person.page.keyboard.press("Control+k")
    await person.page.get_by_role("button", name="Create a room").click()
    made = dialog(person, "Create a room")
    await made.get_by_role("radio", name=access).check()
    if name:
        await made.get_by_label("Name").fill(name)
    await made.get_by_label("Topic").fill(topic)
    await made.get_by_role("button", name="Create").click()
    await expect(made).to_have_count(0)
    await expect(person.composer).to_be_visible()
    return str(await person.page.evaluate("decodeURIComponent(location.hash.slice(2))"))


async def about(person: Person, name: str) -> Locator:
    """Open what may be done about somebody present."""
    await person.page.get_by_role("button", name=f"What to do about {name}").click()
    return dialog(person, name)


async def test_a_private_room_is_made_and_people_are_invited(signed: Signed) -> None:
    ada, bob = await signed("ada"), await signed("bob")
    room = await create(ada, access="Private", topic="the plan")
    assert re.fullmatch(r"~[A-Za-z0-9]{22}", room)
    await expect(ada.page.get_by_role("heading", level=1)).to_contain_text("the plan")
    await expect(ada.page.locator(".room-link")).to_have_text("#the plan")
    await go(bob.page, room)
    await expect(bob.page.get_by_role("alert")).to_contain_text("not been invited")
    await ada.page.get_by_role("button", name="Room and members").click()
    settings = dialog(ada, "the plan")
    await settings.get_by_label("Subject").fill("u-bob")
    await settings.get_by_role("button", name="Invite").click()
    await expect(settings.locator(".members li")).to_have_count(2)
    await ada.page.keyboard.press("Escape")
    await expect(notes(ada).last).to_have_text(re.compile("ada made (bob|u-bob) a member"))
    await bob.page.get_by_role("button", name="Retry").click()
    await bob.say("thanks")
    await ada.sees("thanks")
    await expect(bob.page.get_by_role("heading", level=1)).to_contain_text("the plan")


async def test_the_list_shows_what_one_may_know(signed: Signed, server: Server) -> None:
    await order(server, "bob", type="create", room="desk", access="listed", topic="help")
    await order(server, "bob", type="create", access="private", topic="secret")
    ada = await signed("ada")
    await ada.page.keyboard.press("Control+k")
    rooms = dialog(ada, "Rooms")
    await expect(rooms.get_by_role("option")).to_have_count(1)
    await expect(rooms.get_by_role("option")).to_contain_text("help")
    await expect(rooms.get_by_role("option")).to_contain_text("by invitation")
    await rooms.get_by_role("option").click()
    await expect(ada.page.get_by_role("alert")).to_contain_text("role")


async def test_a_name_that_exists_is_told_in_plain_words(signed: Signed, server: Server) -> None:
    await order(server, "bob", type="create", room="desk")
    ada = await signed("ada")
    await ada.page.keyboard.press("Control+k")
    await ada.page.get_by_role("button", name="Create a room").click()
    made = dialog(ada, "Create a room")
    await made.get_by_label("Name").fill("desk")
    await made.get_by_role("button", name="Create").click()
    await expect(made.get_by_role("alert")).to_have_text("There is already a room of this name.")


async def test_muting_stops_writing_and_giving_the_role_back_allows_it(signed: Signed) -> None:
    ada, bob = await signed("ada", "general"), await signed("bob", "general")
    await bob.say("loud")
    await ada.sees("loud")
    asked = await about(ada, "bob")
    await asked.get_by_label("Reason").fill("too loud")
    await asked.get_by_role("button", name="Mute for an hour").click()
    await expect(notes(bob).last).to_contain_text("ada muted bob until")
    await expect(notes(bob).last).to_contain_text("too loud")
    await expect(bob.page.locator(".sidelined")).to_contain_text("not write")
    asked = await about(ada, "bob")
    await expect(asked.get_by_role("button", name="Mute for an hour")).to_have_count(0)
    await asked.get_by_label("Role").select_option("member")
    await asked.get_by_role("button", name="Give this role").click()
    await expect(bob.composer).to_be_visible()


async def test_who_is_kicked_is_told_and_comes_back_only_by_hand(
    signed: Signed, server: Server
) -> None:
    ada, bob = await signed("ada", "general"), await signed("bob", "general")
    asked = await about(ada, "bob")
    await asked.get_by_label("Reason").fill("calm down")
    await asked.get_by_role("button", name="Kick").click()
    told = bob.page.locator(".sidelined")
    await expect(told).to_contain_text("ada removed you from this room: calm down")
    await expect(notes(ada).last).to_have_text("ada removed bob from the room: calm down")
    await server.kill()
    await expect(bob.page.locator(".offline")).to_be_visible()
    await server.start()
    await bob.reconnect()
    await ada.reconnect()
    await expect(told).to_be_visible()
    await expect(ada.page.locator(".people li")).to_have_count(1)
    await bob.page.get_by_role("button", name="Join again").click()
    await expect(bob.composer).to_be_visible()
    await expect(ada.page.locator(".people li")).to_have_count(2)


async def test_who_is_banned_cannot_join_again(signed: Signed) -> None:
    ada, bob = await signed("ada", "general"), await signed("bob", "general")
    asked = await about(ada, "bob")
    await asked.get_by_label("Ban").select_option("For a day")
    await asked.get_by_role("button", name="Ban").click()
    await expect(bob.page.locator(".sidelined")).to_contain_text("ada removed you")
    await expect(notes(ada).first).to_be_visible()
    await expect(ada.page.locator("[data-note]", has_text="ada banned bob until")).to_be_visible()
    await bob.page.get_by_role("button", name="Join again").click()
    await expect(bob.page.get_by_role("alert")).to_contain_text("banned")
    await ada.page.get_by_role("button", name="Room and members").click()
    members = dialog(ada, "general").locator(".members li")
    await expect(members.filter(has_text="bob")).to_contain_text("Banned until")


async def test_a_lock_a_topic_and_who_may_enter(signed: Signed) -> None:
    ada, bob = await signed("ada", "general"), await signed("bob", "general")
    await ada.page.get_by_role("button", name="Room and members").click()
    settings = dialog(ada, "general")
    await settings.get_by_label("Topic").fill("tea")
    await settings.get_by_role("button", name="Set topic").click()
    await expect(bob.page.get_by_role("heading", level=1)).to_contain_text("tea")
    await settings.get_by_role("button", name="Lock the room").click()
    await expect(bob.page.locator(".sidelined")).to_contain_text("locked")
    await settings.get_by_role("button", name="Unlock the room").click()
    await expect(bob.composer).to_be_visible()
    await settings.get_by_role("radio", name="By invitation").click()
    await expect(bob.page.locator(".sidelined")).to_contain_text("ada removed you")
    await ada.page.keyboard.press("Escape")
    for told in ("set the topic: tea", "locked the room", "one by invitation"):
        await expect(ada.page.locator("[data-note]", has_text=told).first).to_be_visible()


async def test_a_message_is_erased_with_a_reason(signed: Signed) -> None:
    ada, bob = await signed("ada", "general"), await signed("bob", "general")
    await bob.say("a slip")
    await ada.say("fine")
    await ada.sees("a slip", "fine")
    slip = bob.page.locator("[data-message]", has_text="a slip")
    await expect(slip.locator("[data-erase]")).to_have_count(1)
    other = bob.page.locator("[data-message]", has_text="fine")
    await expect(other.locator("[data-erase]")).to_have_count(0)
    await ada.composer.press("ArrowUp")
    await ada.page.keyboard.press("ArrowUp")
    await ada.page.keyboard.press("e")
    await dialog(ada, "Erase this message").get_by_label("Reason").fill("asked to")
    await ada.page.keyboard.press("Enter")
    await expect(bob.page.locator(".erased")).to_have_count(1)
    await bob.sees("fine")


ABOUT_DEE = {
    "owner": {"Give this role", "Ban", "Mute for an hour", "Kick"},
    "moderator": {"Give this role", "Ban", "Mute for an hour", "Kick"},
    "member": None,
    "reader": None,
}


@pytest.mark.parametrize("role", ABOUT_DEE)
async def test_each_menu_shows_what_the_role_allows(
    signed: Signed, server: Server, role: str
) -> None:
    members = {"u-ada": role, "u-dee": "member", "u-mod": "moderator"}
    await order(
        server, "eve", type="create", room="desk", access="listed", topic="t", members=members
    )
    dee = await signed("dee", "desk")
    await dee.say("hello")
    ada = await signed("ada", "desk")
    await ada.sees("hello")
    await expect(ada.page.get_by_role("button", name="Room and members")).to_be_visible()
    buttons = ABOUT_DEE[role]
    opener = ada.page.get_by_role("button", name="What to do about dee")
    await expect(opener).to_have_count(0 if buttons is None else 1)
    await expect(ada.page.locator("[data-erase]")).to_have_count(0 if buttons is None else 1)
    if buttons is not None:
        asked = await about(ada, "dee")
        await expect(asked.get_by_role("button", name="Ban")).to_be_visible()
        shown = set(await asked.locator(".dialog-body > *:not(header) button").all_inner_texts())
        assert shown == buttons
        roles = set(await asked.get_by_label("Role").locator("option").all_inner_texts())
        assert roles == {"Reader", "No role"} | (
            {"Owner", "Moderator"} if role == "owner" else set()
        )
        await ada.page.keyboard.press("Escape")
    await ada.page.get_by_role("button", name="Room and members").click()
    settings = dialog(ada, "desk")
    await expect(settings.locator(".members li")).to_have_count(4)
    managed = settings.locator(".members li", has=ada.page.get_by_role("button"))
    expected: dict[str, Any] = {"owner": 4, "moderator": 2, "member": 1, "reader": 0}
    await expect(managed).to_have_count(expected[role])
    changes = 1 if role in ("owner", "moderator") else 0
    await expect(settings.get_by_role("button", name="Lock the room")).to_have_count(changes)
    await expect(settings.get_by_role("button", name="Invite")).to_have_count(changes)
    await expect(settings.get_by_role("radio")).to_have_count(5 if role == "owner" else 0)
    if role == "reader":
        await expect(ada.page.locator(".sidelined")).to_contain_text("not write")


async def test_an_admin_has_an_owners_menus_and_an_auditor_takes_no_part(
    signed: Signed, server: Server
) -> None:
    await order(server, "eve", type="create", room="desk", access="listed", topic="t")
    root = await signed("root", "desk", token=token_of("root", scope="admin"))
    await root.page.get_by_role("button", name="Room and members").click()
    await expect(dialog(root, "desk").get_by_role("radio")).to_have_count(5)
    looker = await signed("looker", "desk", token=token_of("looker", scope="audit"))
    await expect(looker.page.get_by_role("alert")).to_contain_text("takes no part")


async def test_a_role_that_runs_out_is_seen_to_run_out(signed: Signed, server: Server) -> None:
    await order(server, "ada", type="create", room="general")
    bob = await signed("bob", "general")
    until = await bob.page.evaluate("new Date(Date.now() + 4000).toISOString()")
    await order(
        server, "ada", type="member", room="general", subject="u-bob", role="reader", until=until
    )
    await expect(bob.page.locator(".sidelined")).to_be_visible()
    await expect(bob.composer).to_be_visible(timeout=15_000)


@pytest.mark.parametrize("look", LOOKS)
async def test_the_views_of_roles_are_accessible(signed: Signed, server: Server, look: str) -> None:
    members = {"u-ada": "owner", "u-bob": "moderator"}
    await order(server, "eve", type="create", room="desk", topic="a topic", members=members)
    bob = await signed("bob", "desk")
    await bob.say("hello")
    ada = await signed("ada", "desk", **LOOKS[look])
    await ada.sees("hello")
    page = ada.page
    assert await flaws(page) == []
    await page.get_by_role("button", name="Room and members").click()
    await expect(page.locator(".members li")).to_have_count(3)
    await checked(page)
    await page.get_by_role("button", name="Manage bob").click()
    await expect(dialog(ada, "bob")).to_be_visible()
    await checked(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.get_by_role("button", name="Create a room").click()
    await page.get_by_role("button", name="Create", exact=True).click()
    await checked(page)
    await page.keyboard.press("Escape")
    if look == "phone":
        await page.locator(".people-button").click()
    await expect(page.locator(".people")).to_be_visible()
    await checked(page)
    await order(server, "eve", type="kick", room="desk", subject="u-ada", reason="a test")
    await expect(page.locator(".sidelined")).to_be_visible()
    if look == "phone":
        await page.keyboard.press("Escape")
    await checked(page)


async def checked(page: Page) -> None:
    assert await flaws(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
