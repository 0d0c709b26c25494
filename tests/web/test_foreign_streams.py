"""Streams are read by npm's ``eventsource``, as it is, also across a crash of the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.npm import NODE
from tests.support.server import Server

WEB = Path(__file__).resolve().parents[2] / "web"
SECONDS = 30.0

READER = """
import { EventSource } from "eventsource";
const source = new EventSource(process.argv[1]);
const print = (line) => console.log(JSON.stringify(line));
setInterval(() => {}, 60_000); // its own timers do not keep a program alive
source.onmessage = ({ lastEventId: id, data }) => print({ id, ...JSON.parse(data) });
for (const name of ["users", "caught_up"])
  source.addEventListener(name, ({ data }) => print({ ...JSON.parse(data), type: name }));
source.addEventListener("error", ({ data }) => {
  if (data !== undefined) print({ ...JSON.parse(data), type: "error" });
  else if (source.readyState === EventSource.CLOSED) print({ type: "closed" });
});
"""


class Source:
    """A program that reads a stream by ``eventsource``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.got: list[dict[str, Any]] = []

    async def until(self, kind: str, **wanted: Any) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            async for line in self._process.stdout:
                self.got.append(json.loads(line))
                if self.got[-1]["type"] == kind and wanted.items() <= self.got[-1].items():
                    return self.got[-1]
        raise AssertionError(f"it ended before {kind} {wanted}: {self.got[-3:]}")


@pytest.fixture
async def sources() -> AsyncIterator[Any]:
    started: list[asyncio.subprocess.Process] = []

    async def open_source(url: str) -> Source:
        command = (NODE, "--input-type=module", "-e", READER, url)
        out = asyncio.subprocess.PIPE
        started.append(await asyncio.create_subprocess_exec(*command, cwd=WEB, stdout=out))
        return Source(started[-1])

    yield open_source
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def say(server: Server, *texts: str) -> None:
    async with aiohttp.ClientSession(server.url) as http:
        for message in texts:
            body = {"username": "bob", "message": message}
            async with http.post("/api/rooms/general/messages", json=body) as answer:
                assert answer.status == 201


async def test_it_reads_on_after_a_crash_where_it_was(server: Server, sources: Any) -> None:
    await say(server, "old", "one")
    source = await sources(f"{server.url}/api/rooms/general/stream?username=ada&backlog=1")
    await source.until("caught_up")
    await say(server, "two")
    await source.until("chat", message="two")
    await server.kill()
    await server.start()
    await say(server, "three")
    await source.until("chat", message="three")
    chats = [each for each in source.got if each["type"] == "chat"]
    assert [each["message"] for each in chats] == ["one", "two", "three"]
    events = [each for each in source.got if "id" in each]
    seqs = [each["seq"] for each in events]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert [each["id"] for each in events] == [f"{e['seq']}-{e['hash']}" for e in events]


async def test_it_is_told_of_a_wrong_place_and_stops_for_good(server: Server, sources: Any) -> None:
    await say(server, "one")
    place = f"username=ada&after=99&hash={'0' * 16}"
    source = await sources(f"{server.url}/api/rooms/general/stream?{place}")
    assert (await source.until("error"))["code"] == "after_unknown"
    await source.until("closed")
