"""Streams of a server process: foreign clients, one that never reads, and a stop."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import Any

import aiohttp
import httpx
import pytest
from httpx_sse import aconnect_sse

from tests.support.server import Server, until
from tests.support.streams import Message, reading

from .conftest import Serve

ROOM = "/api/rooms/general"


async def post(http: aiohttp.ClientSession, server: Server, message: str) -> int:
    body = {"username": "Shop", "message": message}
    async with http.post(f"{server.url}{ROOM}/messages", json=body) as response:
        assert response.status == 201
        return int((await response.json())["seq"])


async def newest(http: aiohttp.ClientSession, server: Server) -> dict[str, Any]:
    async with http.get(f"{server.url}{ROOM}/events?limit=1&types=leave") as response:
        events = (await response.json())["events"]
        return dict(events[-1]) if events else {}


async def test_curl_shows_a_room_as_it_goes_on(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    async with aiohttp.ClientSession() as http:
        await post(http, server, "hi")
        url = f"{server.url}{ROOM}/stream?username=ada"
        curl = await asyncio.create_subprocess_exec(
            "curl", "-sN", url, stdout=asyncio.subprocess.PIPE
        )
        assert curl.stdout is not None
        async with asyncio.timeout(20):
            await curl.stdout.readuntil(b"event: caught_up\n")
            seq = await post(http, server, "there")
            said = await curl.stdout.readuntil(b'"message":"there"}\n\n')
            assert f"id: {seq}-".encode() in said
            curl.terminate()
            await curl.wait()
        assert (await left(http, server))["cause"] == "disconnected"


async def left(http: aiohttp.ClientSession, server: Server) -> dict[str, Any]:
    async def has_left() -> bool:
        return bool(await newest(http, server))

    await until(has_left, 10, "a leave")  # the next comment is due after 15
    return await newest(http, server)


async def test_a_foreign_client_resumes_without_a_gap_or_repeat(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    got: list[int] = []
    last = ""
    async with aiohttp.ClientSession() as http, httpx.AsyncClient(timeout=20) as client:
        for number in range(4):
            last_seq = await post(http, server, f"{number}")
            url = f"{server.url}{ROOM}/stream?username=ada&backlog=500"
            headers = {"Last-Event-ID": last} if last else {}
            async with aconnect_sse(client, "GET", url, headers=headers) as source:
                async for message in source.aiter_sse():
                    if message.event == "message":
                        got.append(json.loads(message.data)["seq"])
                        last = message.id
                    if message.event == "caught_up":
                        break
            assert got[-1] > last_seq
    assert got == list(range(1, len(got) + 1))


@pytest.mark.timeout(180)
async def test_who_never_reads_is_let_go_and_costs_nobody_else_anything(
    serve: Serve, sqlite_url: str
) -> None:
    flags = ("--slow-seconds", "1", "--send-buffer-bytes", "4096")
    server = await serve(sqlite_url, *flags)
    async with aiohttp.ClientSession() as http:
        await post(http, server, "hi")
        with socket.socket() as stuck:
            stuck.setblocking(False)
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(stuck, ("127.0.0.1", server.port))
            head = f"GET {ROOM}/stream?username=stuck HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            await loop.sock_sendall(stuck, head.encode())
            url = f"{server.url}{ROOM}/stream?username=ada"
            async with reading(http.get(url)) as ada:
                await ada.next("caught_up")
                for _ in range(200):
                    await post(http, server, "x" * 4_000)
                    await ada.next("message", type="chat")
                if not any(map(_is_leave, ada.got)):
                    await ada.next("message", event="leave")
                (leave,) = filter(_is_leave, ada.got)
                assert (leave.data["username"], leave.data["cause"]) == ("stuck", "timed_out")


def _is_leave(message: Message) -> bool:
    return bool(message.data.get("event") == "leave")


async def test_a_stop_ends_streams_promptly(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    async with aiohttp.ClientSession() as http:
        await post(http, server, "hi")
        async with reading(http.get(f"{server.url}{ROOM}/stream?username=ada")) as ada:
            await ada.next("caught_up")
            began = time.monotonic()
            assert await server.stop() == 0
            assert all(message.event == "message" for message in await ada.rest())
            assert time.monotonic() - began < 5
        await server.start()
        assert (await newest(http, server))["cause"] == "shutdown"
