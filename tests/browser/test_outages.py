"""The server dies, the network goes: nothing is lost, nothing doubled, and the page says so."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import expect

from tests.browser.network import Cable
from tests.support.server import Server

People = Any
SCROLL_ALL_THE_TIME = """() => {
    document.hasFocus = () => true;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
        document.querySelector(".log").dispatchEvent(new Event("scroll"));
        channel.port2.postMessage(null);
    };
    channel.port2.postMessage(null);
}"""


async def test_the_server_is_killed_in_mid_sentence_and_comes_back(
    people: People, server: Server
) -> None:
    ada, bob = await people("ada"), await people("bob")
    said = [f"sentence {number}" for number in range(12)]
    for text in said[:4]:
        await ada.say(text)
    killing = asyncio.create_task(server.kill())
    for text in said[4:8]:  # some before the kill, some into it, some after
        await ada.say(text)
    await killing
    await expect(ada.page.locator(".connection")).to_contain_text("Reconnecting")
    await expect(ada.page.locator(".offline").get_by_role("button", name="Try now")).to_be_visible()
    for text in said[8:]:
        await ada.say(text)
    await expect(ada.pending.last).to_contain_text("sentence 11")
    await server.start()
    for person in (ada, bob):
        await person.page.evaluate("dispatchEvent(new Event('online'))")
        await person.connected()
        await person.sees(*said)
        await expect(person.pending).to_have_count(0)
    await expect(ada.page.locator(".offline")).to_have_count(0)
    await ada.page.reload()
    await ada.sees(*said)


async def test_the_page_comes_back_by_itself(people: People, server: Server) -> None:
    ada = await people("ada")
    await server.kill()
    await expect(ada.page.locator(".connection")).to_contain_text("Reconnecting in")
    await server.start()
    await ada.connected()


async def test_the_network_is_cut_and_comes_back(people: People, cable: Cable) -> None:
    ada, bob = await people("ada", url=cable.url), await people("bob")
    await bob.say("before")
    await ada.sees("before")
    await cable.cut()
    await expect(ada.page.locator(".connection")).to_contain_text("Reconnecting")
    for number in range(12):
        await bob.say(f"missed {number}")
    await ada.say("from the tunnel")
    await expect(bob.pending).to_have_count(0)
    await cable.plug_in()
    await ada.page.evaluate("dispatchEvent(new Event('online'))")  # at once, not after the delay
    await ada.sees("before", *(f"missed {number}" for number in range(12)), "from the tunnel")
    await expect(ada.page.get_by_text("12 missed messages recovered in general.")).to_be_visible()
    await expect(ada.page.locator("[data-unread]")).to_have_count(1)


async def test_what_was_missed_gets_its_line_although_the_page_scrolls_before_it_is_drawn(
    people: People, cable: Cable
) -> None:
    ada, bob = await people("ada", url=cable.url), await people("bob")
    await ada.page.evaluate(SCROLL_ALL_THE_TIME)
    await cable.cut()
    await expect(ada.page.locator(".connection")).to_contain_text("Reconnecting")
    await bob.say("missed")
    await expect(bob.pending).to_have_count(0)
    await cable.plug_in()
    await ada.reconnect()
    await ada.sees("missed")
    await expect(ada.page.locator("[data-unread]")).to_have_count(1)


async def test_unsent_messages_survive_a_reload(people: People, cable: Cable) -> None:
    ada, bob = await people("ada", url=cable.url), await people("bob")
    # The page itself is served by the living server; only its socket is kept away.
    await ada.page.route_web_socket("**/ws", lambda socket: socket.close())
    await cable.cut()
    await ada.say("written in the dark")
    await expect(ada.pending).to_contain_text("Waiting for the connection")
    await cable.plug_in()
    await ada.page.reload()
    await expect(ada.pending).to_contain_text("written in the dark")
    await ada.page.unroute_all()
    fresh = await ada.context.new_page()
    ada.listen(fresh)
    await fresh.goto(ada.url)
    await bob.sees("written in the dark")
    await ada.page.reload()
    await expect(fresh.locator("[data-message] .words")).to_have_text(["written in the dark"])


async def test_a_server_with_another_log_is_told_apart(people: People, server: Server) -> None:
    ada = await people("ada")
    await ada.say("soon forgotten")
    await ada.sees("soon forgotten")
    await server.kill()
    server.database = server.database.replace("chatlog.db", "another.db")
    await server.start()
    await ada.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(ada.page.get_by_text("was reset on the server")).to_be_visible()
    await ada.connected()
    await ada.sees()
    await ada.say("a new beginning")
    await ada.sees("a new beginning")
