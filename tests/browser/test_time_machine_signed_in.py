"""The time machine where people prove who they are: who may look, and roles as they were."""

from __future__ import annotations

import re

import aiohttp
import pytest
from playwright.async_api import expect

from tests.browser.signing_in import Signed, order, server, signed, token_of
from tests.browser.test_accessibility import LOOKS, flaws
from tests.support.server import Server

__all__ = ["server", "signed"]


async def history(server: Server) -> None:
    """A room in which roles come and go: events 1 to 6."""
    room = {"room": "desk"}
    await order(server, "ada", type="create", access="listed", topic="tea", **room)
    member = {"type": "member", "subject": "u-bob", **room}
    await order(server, "ada", role="moderator", reason="on call", **member)
    await order(server, "ada", role="banned", reason="spam", **member)
    await order(server, "ada", type="room", locked=True, **room)
    await order(server, "ada", type="redact", of=[4], **room)


async def look(server: Server, path: str) -> None:
    """Look at the room as an auditor called eve, beside the pages."""
    token = token_of("eve", scope="audit")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{server.url}/api/rooms/desk/{path}"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        assert answer.status == 200


async def test_it_is_for_auditors_and_says_so(signed: Signed, server: Server) -> None:
    await history(server)
    bob = await signed.blank("bob")
    await bob.page.goto(f"{server.url}/audit?room=desk#token={token_of('bob')}")
    await expect(bob.page.get_by_role("heading")).to_contain_text("for auditors")
    assert "token" not in bob.page.url
    assert "room=desk" in bob.page.url
    await bob.page.get_by_role("button", name="Sign in as somebody else").click()
    await bob.page.get_by_label("Token", exact=True).fill(token_of("root", scope="audit"))
    await bob.page.get_by_role("button", name="Sign in").click()
    await expect(bob.page.locator(".verdict")).to_contain_text("Verified")


async def test_it_shows_the_roles_of_the_moment_and_verifies_them(
    signed: Signed, server: Server
) -> None:
    await history(server)
    root = await signed.blank("root")
    token = token_of("root", scope="audit")
    await root.page.goto(f"{server.url}/audit?room=desk#token={token}")
    await expect(root.page.locator(".verdict")).to_contain_text("Verified, 6 events")
    roles = root.page.locator("[data-roles]")
    await expect(roles).to_contain_text("Banned")
    await expect(root.page.locator(".then")).to_contain_text("By invitation, locked: tea")
    await root.page.get_by_role("button", name="Go to event 3").click()
    await expect(roles).to_contain_text("Moderator")
    await expect(root.page.locator(".then")).not_to_contain_text("locked")
    rows = root.page.get_by_role("row")
    await expect(rows.filter(has_text="on call")).to_have_count(1)
    await expect(rows.filter(has_text="spam")).to_have_count(0)  # erased
    await root.page.get_by_label("Type").select_option("member")
    await expect(root.page.locator(".foot")).to_contain_text("3 events of 6")
    assert token not in await root.page.evaluate("document.documentElement.outerHTML")


async def test_it_shows_who_looked_until_the_moment(signed: Signed, server: Server) -> None:
    await history(server)
    await look(server, "events/3/witnesses")
    await order(server, "ada", type="room", room="desk", topic="coffee")
    await look(server, "sessions")
    root = await signed.blank("root")
    await root.page.goto(f"{server.url}/audit?room=desk#token={token_of('root', scope='admin')}")
    # The page's own look with proofs is on record once the badge says so.
    await expect(root.page.get_by_role("button", name="Verified, 7 events")).to_be_visible()
    button = root.page.get_by_role("button", name="Who looked")
    await button.focus()
    await root.page.keyboard.press("Enter")
    panel = root.page.get_by_role("region", name="Who looked")
    eves = panel.locator("[data-look]", has_text="eve")
    await expect(eves).to_have_count(2)
    await expect(eves.first).to_contain_text("eve listed who came and left")
    await expect(eves.last).to_contain_text("eve asked who could have seen event 3")
    await expect(panel.locator("[data-look=proof]")).to_contain_text("root read the room with")
    await expect(panel.locator("[data-look=read]").first).to_contain_text("root read the room")
    await expect(root.page).to_have_url(re.compile("looks=1"))
    await root.page.get_by_role("button", name="Go to event 7").click()
    await root.page.keyboard.press("ArrowLeft")
    await expect(panel.get_by_role("heading")).to_contain_text("until event 6")
    await expect(panel).to_contain_text("Nobody had looked by then")
    await expect(panel).to_contain_text("came later")
    await panel.get_by_role("button", name="Show all").click()
    await expect(eves).to_have_count(2)
    await look(server, "users?at=2")
    await root.page.get_by_role("button", name="Now").click()
    await expect(eves.first).to_contain_text("eve asked who was there at event 2")
    await eves.first.get_by_role("button", name="event 2").click()
    await expect(root.page.locator(".moment")).to_contain_text("2 of 7")
    await root.page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(button).to_be_focused()


async def test_its_token_ends_and_is_renewed(signed: Signed, server: Server) -> None:
    await history(server)
    root = await signed.blank("root")
    token = token_of("root", scope="audit", seconds=6)
    await root.page.goto(f"{server.url}/audit?room=desk#token={token}")
    renewal = root.page.get_by_role("form", name="Renew your sign-in")
    await expect(renewal).to_be_visible()
    await renewal.get_by_label("New token").fill(token_of("root", scope="audit", seconds=65))
    await renewal.get_by_role("button", name="Renew").click()
    await expect(renewal).to_have_count(0)
    await expect(renewal).to_be_visible(timeout=15_000)  # a minute before the end again
    await root.page.locator(".verdict").click()
    await expect(root.page.locator(".verdict")).to_contain_text("Verified")


@pytest.mark.parametrize("look", LOOKS)
async def test_it_is_accessible(signed: Signed, server: Server, look: str) -> None:
    await history(server)
    root = await signed.blank("root", **LOOKS[look])
    await root.page.goto(f"{server.url}/audit?room=desk&view=room#token={token_of('root')}")
    await expect(root.page.get_by_role("heading")).to_contain_text("for auditors")
    assert await flaws(root.page) == []
    await root.page.goto("about:blank")
    token = token_of("root", scope="admin", seconds=50)
    await root.page.goto(f"{server.url}/audit?room=desk&view=room#token={token}")
    await expect(root.page.locator("[data-roles]")).to_be_visible()
    await expect(root.page.get_by_role("form", name="Renew your sign-in")).to_be_visible()
    assert await flaws(root.page) == []
    assert await root.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await root.page.get_by_role("button", name="Who looked").click()
    await expect(root.page.get_by_role("button", name="Back to the room")).to_be_focused()
    await expect(root.page.locator("[data-look]").first).to_be_visible()
    assert await flaws(root.page) == []
    assert await root.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
