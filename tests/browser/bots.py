"""Programs that talk beside the people: they fill rooms, quickly and with any text."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from tests.support.server import Server


async def fill(server: Server, room: str, texts: list[str], username: str = "bot") -> int:
    """Say all texts, as fast as the server takes them; return the seq of the last."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.url}/ws") as socket:
        await socket.send_json({"type": "join", "room": room, "username": username, "backlog": 0})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_say(socket, room, texts))
            last = tasks.create_task(_hear(socket, len(texts)))
    return last.result()


async def _say(socket: aiohttp.ClientWebSocketResponse, room: str, texts: list[str]) -> None:
    for text in texts:
        await socket.send_json({"type": "chat", "room": room, "message": text})


async def _hear(socket: aiohttp.ClientWebSocketResponse, count: int) -> int:
    heard = 0
    while heard < count:
        frame = json.loads((await socket.receive()).data)
        assert frame["type"] != "error", frame
        heard += frame["type"] == "chat"
    return int(frame["seq"])
