"""The application: alone, mounted in another one, and stopping."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
from aiohttp import WSMsgType, web

import chatlog
from chatlog.domain.errors import LogError
from chatlog.settings import Settings
from chatlog.web import create_app
from tests.support.apps import Browser, browsing, frame_of, served


def test_the_package_itself_offers_it() -> None:
    assert (chatlog.create_app, chatlog.Settings) == (create_app, Settings)
    assert not hasattr(chatlog, "nothing")


async def test_it_is_alive_and_ready(sqlite_url: str) -> None:
    async with served(sqlite_url) as client:
        for path in ("/healthz", "/readyz"):
            async with client.get(path) as answer:
                assert answer.status == 200
                assert answer.headers["Server"] == "chatlog"


async def test_it_is_not_ready_while_the_log_cannot_be_written_and_is_again_after(
    sqlite_url: str,
) -> None:
    async with served(sqlite_url, probe_seconds=0.001) as client:
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        async with client.get("/healthz") as alive, client.get("/readyz") as ready:
            assert (alive.status, ready.status) == (200, 503)
            assert (await ready.json())["error"]["code"] == "unavailable"
        other.execute("ROLLBACK")
        other.close()
        async with asyncio.timeout(20):  # the probe before may still wait for the lock
            while await status_of(client, "/readyz") != 200:
                await asyncio.sleep(0.05)
        async with client.ws_connect("/ws") as ws:
            await ws.send_json({"type": "join", "room": "general", "username": "ada"})
            await frame_of(ws, "caught_up")


async def status_of(client: Browser, path: str) -> int:
    async with client.get(path) as answer:
        return int(answer.status)


async def test_mounted_in_another_application_it_works_under_its_prefix(sqlite_url: str) -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="the other application")

    outer = web.Application()
    outer.router.add_get("/", hello)
    outer.add_subapp("/chat/", create_app(Settings(database=sqlite_url)))
    async with browsing(outer) as client:
        async with client.get("/") as answer:
            assert await answer.text() == "the other application"
        for path in ("healthz", "readyz", "metrics", "api/rooms"):
            async with client.get(f"/chat/{path}") as answer:
                assert answer.status == 200, path
        async with client.get("/chat/healthz", headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with client.get("/", headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 200
        for path in ("/chat/", "/chat/ws"):
            async with client.ws_connect(path) as ws:
                await ws.send_json({"type": "join", "room": "general", "username": "ada"})
                await frame_of(ws, "caught_up")


async def test_a_stop_closes_sockets_with_1001_and_their_leaves_say_shutdown(
    sqlite_url: str,
) -> None:
    async with served(sqlite_url) as client:
        ws = await client.ws_connect("/ws")
        await ws.send_json({"type": "join", "room": "general", "username": "ada"})
        await frame_of(ws, "caught_up")
        stopping = asyncio.create_task(client.server.close())
        message = await ws.receive(timeout=5)
        while message.type is WSMsgType.TEXT:
            message = await ws.receive(timeout=5)
        await stopping
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as log:
        ends = log.execute("SELECT type, cause FROM events ORDER BY seq").fetchall()
    assert ends == [("join", None), ("leave", "shutdown")]


async def test_a_file_that_is_in_use_is_refused_at_the_start(sqlite_url: str) -> None:
    async with served(sqlite_url):
        runner = web.AppRunner(create_app(Settings(database=sqlite_url)))
        with pytest.raises(LogError, match="in use"):
            await runner.setup()
        await runner.cleanup()


async def test_a_plain_get_of_the_socket_is_told_to_upgrade(sqlite_url: str) -> None:
    async with served(sqlite_url) as client, client.get("/ws") as answer:
        assert answer.status == 426
        assert "Upgrade" in (await answer.json())["error"]["message"]


async def test_what_is_nowhere_is_a_404_in_json(sqlite_url: str) -> None:
    async with served(sqlite_url) as client, client.get("/nowhere") as answer:
        assert answer.status == 404
        assert set((await answer.json())["error"]) == {"code", "message"}
