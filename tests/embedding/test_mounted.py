"""Mounted in other applications: several times, under prefixes, in several processes."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import pytest
from aiohttp import web

from chatlog import Settings, chat_of, create_app
from chatlog.web.network import guards
from tests.support.apps import browsing, frame_of
from tests.support.command import chatlog

from .conftest import ADA, SHOP, embedded, who
from .test_following import SECONDS, all_from, collecting, some

PROCESS = """
import asyncio, sys
from aiohttp import web
from chatlog import Identity, Settings, chat_of, create_app

async def write(url, name):
    outer = web.Application()
    app = create_app(Settings(database=url), authenticate=lambda request: None)
    outer.add_subapp("/chat", app)
    runner = web.AppRunner(outer)
    await runner.setup()
    who = Identity(name)
    for number in range(20):
        await chat_of(app).post("order-7", f"{name} {number}", author=who, id=str(number))
    await runner.cleanup()

asyncio.run(write(*sys.argv[1:]))
"""


async def test_it_may_be_mounted_several_times_on_one_postgresql(postgres_url: str) -> None:
    outer = web.Application()
    first, second = (
        create_app(Settings(database=postgres_url, poll_seconds=0.1), authenticate=who)
        for _ in range(2)
    )
    outer.add_subapp("/support", first)
    outer.add_subapp("/shop/chat", second)
    async with browsing(outer) as browser:
        async with collecting(chat_of(second)) as (found, _):
            posted = await chat_of(first).post("order-7", "hi", author=SHOP, id="k")
            again = await chat_of(second).post("order-7", "hi", author=SHOP, id="k")
            assert again == posted
            [*_, last] = await some(all_from(chat_of(first), 0), 2)
            assert last == posted
            async with asyncio.timeout(SECONDS):
                while len(found) < 2:
                    await asyncio.sleep(0.01)
            assert found[-1] == posted
        for prefix in ("/support", "/shop/chat"):
            path = f"{prefix}/api/rooms/order-7/events"
            async with browser.get(path, headers={"Who": "u-1 ada"}) as reply:
                assert (await reply.json())["events"][1]["hash"] == posted.hash
            async with browser.ws_connect(f"{prefix}/ws", headers={"Who": "u-1 ada"}) as ws:
                await ws.send_json({"type": "join", "room": "order-7"})
                assert (await frame_of(ws, "chat"))["message"] == "hi"


async def test_several_processes_share_one_postgresql(postgres_url: str) -> None:
    names = ["ada", "bob"]
    async with embedded(postgres_url, poll_seconds=0.1) as (chat, _):
        writers = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", PROCESS, postgres_url, name)
            for name in names
        ]
        found = await some(chat.events(after=0, types={"chat"}), 20 * len(names), within=90)
        assert [await writer.wait() for writer in writers] == [0] * len(names)
        assert [event.position for event in found] == sorted({e.position for e in found})
        for name in names:
            said = [event.message for event in found if event.username == name]
            assert said == [f"{name} {number}" for number in range(20)]


@pytest.mark.parametrize("is_open", [True, False])
async def test_beyond_loopback_it_serves_names_that_nobody_proves_only_if_told_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, is_open: bool
) -> None:
    monkeypatch.setattr(guards, "_accepted_on", lambda _request: "192.0.2.7")
    headers = {"Host": "192.0.2.7", "Who": "u-1 ada"}
    async with embedded(sqlite_url, is_open=is_open) as (_, browser):
        async with browser.get("/api/rooms", headers=headers) as reply:
            assert reply.status == (403 if is_open else 200)
            assert not is_open or "allow-public" in (await reply.json())["error"]["message"]
        async with browser.get("/healthz", headers=headers) as reply:
            assert reply.status == 200
    async with (
        embedded(sqlite_url, is_open=is_open, allow_public=True) as (_, browser),
        browser.get("/api/rooms", headers=headers) as reply,
    ):
        assert reply.status == 200


async def test_mounted_it_checks_host_and_origin_itself(sqlite_url: str) -> None:
    outer = web.Application()
    outer.add_subapp("/chat", create_app(Settings(database=sqlite_url)))
    async with browsing(outer) as browser:
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            async with browser.get("/chat/api/rooms", headers=headers) as reply:
                assert reply.status == 403


async def test_revoking_closes_connections_only(database_url: str) -> None:
    async with embedded(database_url) as (chat, browser):
        headers = {"Who": "u-1 ada"}
        async with browser.ws_connect("/ws", headers=headers) as ws:
            await ws.send_json({"type": "join", "room": "order-7"})
            await frame_of(ws, "caught_up")
            done = await chatlog("token", "revoke", "--sub", "u-1", database=database_url)
            assert done.status == 0, done.err
            async with asyncio.timeout(SECONDS):
                while (await ws.receive()).type is not aiohttp.WSMsgType.CLOSE:
                    pass
            assert ws.close_code == 4401
        async with browser.get("/api/rooms", headers=headers) as reply:
            assert reply.status == 200
        async with browser.ws_connect("/ws", headers=headers) as ws:
            await frame_of(ws, "auth")
            done = await chatlog("token", "revoke", "--sub", "u-9", database=database_url)
            assert done.status == 0, done.err
            await asyncio.sleep(1.5)  # until it has taken that in, which is not about her
            await ws.send_json({"type": "join", "room": "order-7"})
            await frame_of(ws, "caught_up")
        await chat.post("order-7", "still here", author=ADA)
