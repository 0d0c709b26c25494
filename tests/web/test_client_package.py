"""The TypeScript client as a package: packed, installed in an empty folder, used by a bot."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import aiohttp
import pytest

import chatlog
from tests.support.npm import NODE, npm, succeeded
from tests.support.server import Server, until

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
TSC = WEB / "node_modules/typescript/bin/tsc"

CONSUMER = """
import { WebSocket } from "ws";
import { Client, Refused, type ChatFrame, type LogEvent, type Room } from "chatlog-client";

const chats: ChatFrame[] = [];
const client = new Client({
  url: "ws://127.0.0.1/ws", username: "bot", WebSocket,
  onEvent: (room: Room, event: LogEvent) => { if (event.type === "chat") chats.push(event); },
});
const room: Room = client.join("general", { after: 7, hash: "0123456789abcdef" });
const id: string = room.send("hi", { id: "mine" }).id;
client.create({ access: "private" }).catch((error: unknown) => {
  if (error instanceof Refused) console.log(error.code, id);
});
// @ts-expect-error: a message is text
room.send(7);
// @ts-expect-error: no platform has a socket like this
new Client({ url: "ws://127.0.0.1/ws", WebSocket: class {} });
"""
OPTIONS = {
    "target": "es2022",
    "module": "nodenext",
    "lib": ["es2022"],
    "strict": True,
    "noEmit": True,
    "exactOptionalPropertyTypes": True,
    "typeRoots": [str(WEB / "node_modules/@types")],
    "types": ["node"],
    "paths": {"ws": [str(WEB / "node_modules/@types/ws/index.d.mts")]},
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An otherwise empty folder in which the packed client is installed."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "web").mkdir()
    (folder / "web/node_modules").symlink_to((WEB / "node_modules").resolve())
    shutil.copy(WEB / "tsconfig.json", folder / "web")
    shutil.copytree(WEB / "client", folder / "web/client")
    npm("pack", cwd=folder / "web/client")
    (tarball,) = (folder / "web/client").glob("chatlog-client-*.tgz")
    with tarfile.open(tarball) as archive:
        names = set(archive.getnames())
    assert {"package/dist/index.js", "package/dist/index.d.ts", "package/README.md"} <= names
    assert not any(name.endswith((".test.js", "fake-server.js")) for name in names)
    (folder / "app").mkdir()
    (folder / "app/package.json").write_text('{"private": true, "type": "module"}')
    npm("install", "--offline", "--no-audit", str(tarball), cwd=folder / "app")
    return folder / "app"


def test_the_client_has_the_version_of_its_server() -> None:
    package = json.loads((WEB / "client/package.json").read_text())
    assert package["version"] == chatlog.__version__
    assert f"chatlog-client-{chatlog.__version__}.tgz" in (ROOT / "docs/clients.md").read_text()


def test_a_consumer_is_type_checked(installed: Path) -> None:
    (installed / "consumer.ts").write_text(CONSUMER)
    (installed / "bot.ts").write_text(bot())
    (installed / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS}))
    succeeded(TSC, "-p", ".", cwd=installed)


def bot() -> str:
    """Return the bot of the documentation."""
    page = (ROOT / "docs/clients.md").read_text().split("\n## In TypeScript\n")[1]
    found = re.search(r"```ts\n(.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_bot_of_the_page_answers_once_across_kills(
    installed: Path, server: Server
) -> None:
    assert len([line for line in bot().splitlines() if line and "//" not in line]) <= 20
    (installed / "bot.mts").write_text(bot())
    (installed / "echo.cursor").unlink(missing_ok=True)
    async with aiohttp.ClientSession(server.url) as http:
        await say(http, "!echo before it came")
        process = await start(installed, server)
        await until(lambda: is_present(http), 20, "the bot is there")
        await say(http, "!echo one")
        await until(lambda: has(http, ["one"]), 20, "the first answer")
        process.kill()
        await process.wait()
        await say(http, "!echo two")
        await server.kill()
        await server.start()
        process = await start(installed, server)
        await until(lambda: has(http, ["one", "two"]), 20, "the answer to what it missed")
        await server.kill()
        await server.start()
        await say(http, "!echo three")
        await until(lambda: has(http, ["one", "two", "three"]), 30, "the answer after a crash")
        process.kill()
        await process.wait()


async def start(folder: Path, server: Server) -> asyncio.subprocess.Process:
    env = {**os.environ, "CHATLOG_URL": f"ws://127.0.0.1:{server.port}/ws"}
    return await asyncio.create_subprocess_exec(NODE, "bot.mts", cwd=folder, env=env)


async def say(http: aiohttp.ClientSession, text: str) -> None:
    body = {"username": "ada", "message": text}
    async with http.post("/api/rooms/general/messages", json=body) as answer:
        assert answer.status == 201


async def is_present(http: aiohttp.ClientSession) -> bool:
    async with http.get("/api/rooms/general/users") as answer:
        return any(user["username"] == "echo" for user in (await answer.json())["users"])


async def has(http: aiohttp.ClientSession, texts: list[str]) -> bool:
    """Whether the bot has said these; more than these never."""
    query = {"types": "chat", "limit": "500"}
    async with http.get("/api/rooms/general/events", params=query) as answer:
        events = (await answer.json())["events"]
    said = [event["message"] for event in events if event["username"] == "echo"]
    assert said == texts[: len(said)]
    return said == texts
