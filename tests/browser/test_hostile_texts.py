"""Texts that attack a page are shown as texts, wherever they stand."""

from __future__ import annotations

from itertools import product
from typing import Any

from playwright.async_api import expect

from tests.browser.bots import fill
from tests.support.server import Server

People = Any

ATTEMPTS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<body onload=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<a href=javascript:window.pwned=1>x</a>",
    "javascript:window.pwned=1",
    "<details open ontoggle=window.pwned=1>",
    "<math><mi xlink:href=data:x,x>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0>",
    "<form action=//evil.example><input autofocus onfocus=window.pwned=1>",
    "<object data=javascript:window.pwned=1>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "<!--<img src=--><img src=x onerror=window.pwned=1>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "__proto__",
    "<template><script>window.pwned=1</script></template>",
)
AROUND = ("{}", '"{}', "'>{}", "</p></article>{}", "https://x.example/{}")
HOSTILE = [frame.format(text) for text, frame in product(ATTEMPTS, AROUND)]


async def nothing_ran(page: Any) -> bool:
    return bool(
        await page.evaluate(
            """() => window.pwned === undefined
                 && document.querySelectorAll("script:not([src*='assets/']), iframe, object,"
                    + " .log img, base:not([href='./']), .log svg[onload]").length === 0"""
        )
    )


async def test_as_messages(people: People, server: Server) -> None:
    assert len(HOSTILE) == 100
    await fill(server, "general", HOSTILE)
    ada = await people("ada")
    await ada.sees(*HOSTILE)
    assert await nothing_ran(ada.page)
    schemes = await ada.words.locator("a").evaluate_all("(links) => links.map((a) => a.protocol)")
    assert set(schemes) == {"https:"}


async def test_as_names(people: People, server: Server) -> None:
    names = [name.strip()[:64].strip() for name in HOSTILE]
    for name in dict.fromkeys(names):
        await fill(server, "general", ["hello"], username=name)
    ada = await people("ada")
    await expect(ada.page.locator("[data-message] .who b").first).to_be_visible()
    shown = await ada.page.locator("[data-message] .who b").all_text_contents()
    assert shown == list(dict.fromkeys(names))
    assert await nothing_ran(ada.page)


async def test_as_rooms(people: People) -> None:
    ada = await people("ada")
    heading = ada.page.get_by_role("heading", level=1)
    for room in HOSTILE:
        await ada.page.evaluate(
            "(room) => { location.hash = `/${encodeURIComponent(room)}`; }", room
        )
        await expect(heading).to_have_text(f"#{room}")
    assert await nothing_ran(ada.page)


async def test_the_policy_holds_against_a_script_that_got_in(people: People) -> None:
    ada = await people("ada")
    ran = await ada.page.evaluate(
        """() => {
             const script = document.createElement("script");
             try { script.textContent = "window.pwned = 1"; document.head.append(script); } catch {}
             try { document.body.innerHTML = "<img src=x onerror='window.pwned = 1'>"; } catch {}
             return window.pwned ?? null;
           }"""
    )
    assert ran is None
    await ada.page.wait_for_timeout(100)
    assert any("policy" in complaint or "Trusted" in complaint for complaint in ada.complaints)
    ada.complaints.clear()  # it was asked for
