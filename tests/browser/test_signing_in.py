"""Signing in by a token, pasted or in a link; renewing it; its end; and that it stays secret."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, Request, expect

from tests.browser.signing_in import Signed, go, server, signed, token_of
from tests.browser.test_accessibility import LOOKS, flaws
from tests.support.server import Server

__all__ = ["server", "signed"]

ANYWHERE = """() => JSON.stringify([
  document.documentElement.outerHTML, location.href, history.state,
  {...localStorage}, {...sessionStorage}, document.cookie,
  [...document.querySelectorAll("input")].map((input) => input.value),
])"""


async def paste(page: Page, token: str) -> None:
    await page.get_by_label("Token", exact=True).fill(token)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_link_signs_in_and_its_token_leaves_the_address(signed: Signed) -> None:
    token = token_of("ada")
    ada = await signed("ada", "general", token=token)
    assert "token" not in ada.page.url
    await ada.page.go_back()
    await ada.page.go_forward()
    assert "token" not in ada.page.url
    await ada.say("hello")
    await ada.sees("hello")
    assert token not in await ada.page.evaluate(ANYWHERE)
    await expect(ada.page.locator(".self")).to_contain_text("ada")


async def test_a_pasted_token_signs_in_and_stays_in_memory_only(signed: Signed) -> None:
    ada = await signed.blank("ada")
    await ada.page.goto(f"{ada.url}/#/general")
    token = token_of("ada")
    await paste(ada.page, f" Bearer {token}\n")
    await ada.connected()
    assert token not in await ada.page.evaluate(ANYWHERE)
    await expect(ada.page.get_by_role("heading", level=1)).to_contain_text("general")
    await ada.page.reload()
    await expect(ada.page.get_by_label("Token", exact=True)).to_be_visible()


async def test_a_token_is_remembered_in_the_tab_only_if_one_asks_for_it(signed: Signed) -> None:
    ada = await signed.blank("ada")
    await ada.page.goto(f"{ada.url}/#/general")
    await ada.page.get_by_label("Remember me in this tab").check()
    await paste(ada.page, token_of("ada"))
    await ada.connected()
    await ada.page.reload()
    await ada.connected()
    assert "token" not in await ada.page.evaluate("JSON.stringify({...localStorage}, null, 1)[1]")
    await ada.page.locator(".self").click()
    await ada.page.get_by_role("button", name="Sign out").click()
    await expect(ada.page.get_by_label("Token", exact=True)).to_be_visible()
    await ada.page.reload()
    await expect(ada.page.get_by_label("Token", exact=True)).to_be_visible()
    assert await ada.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("two words", "This is not a token"),
        ("a.b.c", "token"),
        (token_of("ada", seconds=-5), "expired"),
    ],
)
async def test_a_bad_token_is_refused_in_plain_words(
    signed: Signed, pasted: str, said: str
) -> None:
    ada = await signed.blank("ada")
    await ada.page.goto(f"{ada.url}/")
    await paste(ada.page, pasted)
    await expect(ada.page.get_by_role("alert")).to_contain_text(said)
    assert pasted not in await ada.page.evaluate(ANYWHERE)


async def test_a_token_that_ends_is_renewed_without_a_break(signed: Signed) -> None:
    ada = await signed("ada", "general", token=token_of("ada", seconds=30))
    renewal = ada.page.get_by_role("form", name="Renew your sign-in")
    await expect(renewal).to_contain_text("Paste a new token to stay")
    await renewal.get_by_label("New token").fill(token_of("bob"))
    await renewal.get_by_role("button", name="Renew").click()
    await expect(renewal).to_contain_text("somebody else's")
    await renewal.get_by_label("New token").fill(token_of("ada"))
    await renewal.get_by_role("button", name="Renew").click()
    await expect(renewal).to_have_count(0)
    await ada.say("still here")
    await ada.sees("still here")
    await expect(ada.log).not_to_contain_text("left")


async def test_the_end_of_a_token_is_told_and_the_place_is_kept(signed: Signed) -> None:
    ada = await signed("ada", "general", token=token_of("ada", seconds=4))
    await ada.say("before")
    await ada.composer.fill("a draft")
    await expect(ada.page.get_by_role("alert")).to_contain_text("Your sign-in has ended")
    await paste(ada.page, token_of("ada"))
    await ada.connected()
    await ada.sees("before")
    await expect(ada.composer).to_have_value("a draft")


async def test_another_person_in_the_tab_sees_nothing_of_the_one_before(signed: Signed) -> None:
    ada = await signed("ada", "attic", token=token_of("ada", seconds=5))
    await ada.composer.fill("a draft")
    await paste(ada.page, token_of("bob"))
    await expect(ada.page.locator(".self")).to_contain_text("bob")
    await expect(ada.page.locator(".room-link")).to_have_count(0)
    await go(ada.page, "attic")
    await expect(ada.composer).to_have_value("")


async def test_a_reconnect_uses_the_newest_token(signed: Signed, server: Server) -> None:
    ada = await signed("ada", "general", token=token_of("ada", seconds=20))
    renewal = ada.page.get_by_role("form", name="Renew your sign-in")
    await renewal.get_by_label("New token").fill(token_of("ada", name="ada l."))
    await renewal.get_by_role("button", name="Renew").click()
    await expect(renewal).to_have_count(0)
    await server.kill()
    await expect(ada.page.locator(".offline")).to_be_visible()
    await server.start()
    await ada.reconnect()
    await expect(ada.page.locator(".self")).to_contain_text("ada l.")


async def test_a_page_that_embeds_it_renews_the_token(signed: Signed, server: Server) -> None:
    """Framing is forbidden until a setting allows it: the test takes that out of the policy."""
    ada = await signed.blank("ada")
    tokens = [token_of("ada", seconds=8), token_of("ada")]

    async def without_ancestors(route) -> None:  # type: ignore[no-untyped-def]
        answer = await route.fetch()
        policy = re.sub(r"frame-ancestors[^;]*;", "", answer.headers["content-security-policy"])
        headers = {**answer.headers, "content-security-policy": policy}
        await route.fulfill(response=answer, headers=headers)

    async def parent(route) -> None:  # type: ignore[no-untyped-def]
        await route.fulfill(content_type="text/html", body=f"<iframe src='{server.url}/'></iframe>")

    await ada.page.route(f"{server.url}/", without_ancestors)
    await ada.page.route("http://product.example/", parent)
    await ada.page.add_init_script(
        f"""if (location.host === "product.example") {{
          const tokens = {tokens};
          window.needed = [];
          addEventListener("message", ({{ data, source, origin }}) => {{
            if (data?.type !== "chatlog:token-needed") return;
            window.needed.push(data.expires_at);
            source.postMessage({{ type: "chatlog:token", token: tokens.shift() }}, origin);
          }});
        }}"""
    )
    await ada.page.goto("http://product.example/")
    frame = ada.page.frame_locator("iframe")
    await expect(frame.locator(".connection .dot")).to_have_count(1)
    await ada.page.wait_for_function("window.needed.length === 2")
    needed = await ada.page.evaluate("window.needed")
    assert needed[0] is None
    assert needed[1].endswith("Z")
    await expect(frame.get_by_role("form", name="Renew your sign-in")).to_have_count(0)
    await expect(frame.locator(".self")).to_contain_text("ada")


async def test_foreign_messages_sign_nobody_in(signed: Signed) -> None:
    ada = await signed.blank("ada")
    await ada.page.goto(f"{ada.url}/")
    await expect(ada.page.get_by_label("Token", exact=True)).to_be_visible()
    await ada.page.evaluate(
        "token => postMessage({ type: 'chatlog:token', token }, '*')", token_of("eve")
    )
    await paste(ada.page, token_of("ada"))
    await expect(ada.page.locator(".self")).to_contain_text("ada")


async def test_no_request_has_the_token_in_its_address(signed: Signed) -> None:
    ada = await signed.blank("ada")
    requests: list[str] = []
    ada.page.on("request", lambda request: requests.append(request.url))
    await ada.page.goto(f"{ada.url}/#token={token_of('ada')}")
    await ada.connected()
    assert not [url for url in requests if "token" in url or "eyJ" in url]


async def history_of(page: Page) -> str:
    """Return the addresses that the tab goes back and forward to.

    Not ``userTypedURL``: there the browser remembers what the tab was first sent to, as after a
    link that signs in.
    """
    session = await page.context.new_cdp_session(page)
    found = await session.send("Page.getNavigationHistory")
    return " ".join(entry["url"] for entry in found["entries"])


async def test_the_way_to_the_other_page_and_back_asks_for_no_token(signed: Signed) -> None:
    token = token_of("ada", scope="admin")
    ada = await signed("ada", "general", token=token)
    sent: list[str] = []

    async def note(request: Request) -> None:
        sent.append(f"{request.url} {await request.header_value('referer')}")

    ada.page.on("request", note)
    await ada.say("hello")
    await ada.sees("hello")
    await ada.page.get_by_role("link", name="Time machine of this room").click()
    await expect(ada.page.locator(".verdict")).to_contain_text("Verified")
    assert ada.page.url.endswith("/audit?room=general")
    assert token not in await ada.page.evaluate(ANYWHERE)
    await ada.page.locator("[data-said]").hover()
    await ada.page.get_by_role("link", name="in the chat").click()
    await ada.connected()
    await ada.sees("hello")
    assert "/#/general/" in ada.page.url
    assert token not in await ada.page.evaluate(ANYWHERE)
    assert await ada.page.evaluate("sessionStorage.length") == 0
    visited = await history_of(ada.page)
    assert visited.count("/audit?room=general") >= 1
    assert "token" not in visited
    assert not [one for one in sent if "token" in one or "eyJ" in one]


async def test_a_new_tab_gets_the_token_and_a_token_that_the_tab_keeps_is_found(
    signed: Signed,
) -> None:
    ada = await signed.blank("ada")
    await ada.page.goto(f"{ada.url}/#/general")
    await ada.page.get_by_label("Remember me in this tab").check()
    token = token_of("ada", scope="admin")
    await paste(ada.page, token)
    await ada.connected()
    link = ada.page.get_by_role("link", name="Time machine of this room")
    async with ada.context.expect_page() as opening:
        await link.click(modifiers=["Control"])
    tab = await opening.value
    ada.listen(tab)
    await expect(tab.locator(".verdict")).to_contain_text("Verified")
    assert token not in await tab.evaluate(ANYWHERE)
    assert "token" not in await history_of(tab)
    went: list[str] = []
    ada.page.on("framenavigated", lambda frame: went.append(frame.url))
    await link.click()
    await expect(ada.page.locator(".verdict")).to_contain_text("Verified")
    assert not [url for url in went if "token" in url]


@pytest.mark.parametrize("look", LOOKS)
async def test_signing_in_is_accessible(signed: Signed, look: str) -> None:
    ada = await signed.blank("ada", **LOOKS[look])
    await ada.page.goto(f"{ada.url}/#/general")
    await expect(ada.page.get_by_label("Token", exact=True)).to_be_focused()
    await paste(ada.page, "x")
    await expect(ada.page.get_by_role("alert")).to_be_visible()
    assert await flaws(ada.page) == []
    await ada.page.get_by_label("Token", exact=True).fill(token_of("ada", seconds=45))
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("form", name="Renew your sign-in")).to_be_visible()
    assert await flaws(ada.page) == []
    width = "document.documentElement.scrollWidth <= innerWidth"
    assert await ada.page.evaluate(width)
    await ada.page.keyboard.press("Escape")
    if look == "phone":
        await ada.page.get_by_role("button", name="Rooms").click()
    await ada.page.locator(".self").click()
    await expect(ada.page.get_by_role("dialog", name="Settings")).to_be_visible()
    assert await flaws(ada.page) == []
