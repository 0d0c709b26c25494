"""docs/embed.md: its application, run as it stands in the page by a reader."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.apps import frame_of
from tests.support.server import free_port

PAGE = (Path(__file__).parents[2] / "docs/embed.md").read_text()
SECONDS = 60
ADA, BOB = ({"Cookie": f"session=cookie-of-{name}"} for name in ("ada", "bob"))


def application(port: int) -> str:
    """Return the page's application; only its port is another."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert "port=8080" in block
    return str(block).replace("port=8080", f"port={port}")


async def until_so(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Run the application in a folder; yield a client of it. A stop is clean."""
    (folder / "shop.py").write_text(application(port))
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "shop.py", cwd=folder, stdout=log, stderr=log
        )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            async with asyncio.timeout(SECONDS):
                while not await answers(http):
                    assert process.returncode is None, (folder / "log").read_text()
                    await asyncio.sleep(0.05)
            yield http
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
        assert "Traceback" not in (folder / "log").read_text()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/chat/healthz") as reply:
            return reply.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def ship(http: aiohttp.ClientSession) -> str:
    async with http.post("/ship/7/ada") as reply:
        return str((await reply.json())["room"])


async def asked(http: aiohttp.ClientSession, path: str, who: dict[str, str]) -> tuple[int, Any]:
    async with http.get(f"/chat{path}", headers=who) as reply:
        return reply.status, await reply.json()


async def test_the_pages_application_does_what_the_page_says(tmp_path: Path) -> None:
    port, crm = free_port(), tmp_path / "crm.txt"
    async with running(tmp_path, port) as http:
        async with http.get("/chat/", headers=ADA) as reply:
            assert reply.status == 200
        room = await ship(http)
        assert room.startswith("~")
        assert await ship(http) == room
        status, events = await asked(http, f"/api/rooms/{room}/events?types=chat", ADA)
        assert status == 200
        assert [(one["username"], one["message"], one["via"]) for one in events["events"]] == [
            ("Shop", "Order 7 is on its way.", "python")
        ]
        assert (await asked(http, f"/api/rooms/{room}/events", BOB))[0] == 404
        assert (await asked(http, "/api/rooms", {}))[0] == 401
        evil = {**ADA, "Origin": "https://evil.example"}
        assert (await asked(http, "/api/rooms", evil))[0] == 403
        async with http.ws_connect("/chat/ws", headers=ADA) as ws:
            await ws.send_json({"type": "join", "room": room})
            await frame_of(ws, "caught_up")
            await ws.send_json({"type": "chat", "message": "thank you"})
            await frame_of(ws, "chat")
        said = [f"{room} Shop Order 7 is on its way.", f"{room} ada thank you"]
        await until_so(lambda: crm.exists() and crm.read_text().count("\n") == len(said))
    async with running(tmp_path, port) as http:
        assert await ship(http) == room
        async with http.post("/ship/8/bob") as reply:
            assert reply.status == 200
        await until_so(lambda: crm.read_text().count("\n") > len(said))
    lines = [line.split(" ", 1)[1] for line in crm.read_text().splitlines()]
    assert lines[:2] == said
    assert len(lines) == len(said) + 1
    assert lines[2].endswith("Shop Order 8 is on its way.")
