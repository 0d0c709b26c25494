"""docs/clients.md: its bot, run as it stands in the page, and killed."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import chatlog.client
from chatlog.client import Room, connect
from tests.flows.conftest import Serve

CLIENTS = (Path(__file__).parents[2] / "docs/clients.md").read_text()
PAGE = CLIENTS.partition("\n## In TypeScript\n")[0]
SECONDS = 60


def bot(port: int) -> str:
    """Return the page's bot; only its port is another."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert ":8080/" in block
    return str(block).replace(":8080/", f":{port}/")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[None]:
    """Run the bot in a folder, and kill it."""
    command = (sys.executable, "-W", "error", "bot.py")
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        await process.wait()
    assert (folder / "log").read_text() == ""


async def answered(room: Room, questions: int) -> None:
    """Read until so many questions have been answered, and everybody who came."""
    answers = 0
    async with asyncio.timeout(SECONDS):
        async for event in room:
            answers += event.type == "chat" and event.username == "clock"
            if answers == questions:
                return


async def test_the_pages_bot_answers_each_question_once(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    (tmp_path / "bot.py").write_text(bot(server.port))
    async with connect(server.url, username="ada") as chat:
        room = await chat.join("general")
        async with running(tmp_path):
            await room.send("!time")
            await answered(room, 1)
        for _ in range(2):
            await room.send("!time")
        async with running(tmp_path):
            await answered(room, 2)
        (tmp_path / "bot.cursor").unlink()  # as if it had been killed before it wrote it
        async with running(tmp_path):
            await room.send("!time")
            await answered(room, 1)
        page = await room.history(types=["chat"])
    texts = [event.message for event in page.events if event.type == "chat"]
    assert len([text for text in texts if text.startswith("ada: ")]) == 4


def test_the_page_names_what_the_client_has() -> None:
    names = set(re.findall(r"`(?:await |async for event in )?(chat|room)\.(\w+)", PAGE))
    classes: dict[str, Any] = {"chat": chatlog.client.Chat, "room": chatlog.client.Room}
    assert len(names) >= 9
    assert all(hasattr(classes[of], name) or name == "name" for of, name in names)
