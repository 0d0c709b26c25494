"""Strangers of every kind at once, and a million bad frames: refused, while somebody chats on."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from .conftest import Open
from .people import Person, Socket, World

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
FRAMES = 500_000
"""Frames before signing in, and as many after it."""
CONNECTIONS = 30
CALM_SECONDS = 3.0
ADDRESSES = 200
"""How many connections an address may have, by default."""
REFUSALS = re.compile(r'^chatlog_refusals_total\{code="(\w+)"\} (\S+)$', re.MULTILINE)
FLAGS = ("--max-chats-per-second", "100", "--max-connections-per-user", "1000")


@dataclass(slots=True)
class Healthy:
    """Somebody who chats on, and how long each of their chats took, in seconds."""

    socket: Socket
    took: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    is_over: bool = False

    async def chat_on(self) -> None:
        while not self.is_over:
            self.said.append(f"chat {len(self.said)}")
            began = time.monotonic()
            await self.socket.chat("healthy", self.said[-1])
            self.took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)

    def lately(self) -> float:
        """Return the 99th percentile since the last time."""
        took, self.took = sorted(self.took), []
        assert len(took) > 10
        return took[int(len(took) * 0.99)]


@asynccontextmanager
async def chatting(person: Person) -> AsyncIterator[Healthy]:
    async with person.socket() as socket, asyncio.TaskGroup() as tasks:
        await socket.join("healthy")
        healthy = Healthy(socket)
        tasks.create_task(healthy.chat_on())
        yield healthy
        healthy.is_over = True


async def flood(world: World, token: str) -> Counter[str]:
    """Flood from another process, and return what came of it."""
    port = world.url.rpartition(":")[2]
    arguments = ("-m", "tests.access.flooding", port, str(CONNECTIONS), str(FRAMES))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=pipe, stdout=pipe, cwd=ROOT
    )
    out, _ = await process.communicate(token.encode())
    assert process.returncode == 0
    return Counter(json.loads(out))


async def knock(world: World) -> None:
    """Try to come in from a foreign page and with bad tokens, until cancelled."""
    eve = world.person("u-2", "eve")
    while True:
        assert (await world.holder("x" * 4_000).get("/api/rooms")).status == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await world.http.ws_connect(
                world.url + "/ws", headers={**eve.headers, "Origin": "https://evil.example"}
            )
        assert refused.value.status == 403
        await asyncio.sleep(0.1)


async def crowd(world: World) -> Counter[int | None]:
    """Open more connections than an address may have, with a forged address each."""
    ended = Counter[int | None]()
    async with AsyncExitStack() as stack:
        for number in range(ADDRESSES + 50):
            headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
            opened = world.http.ws_connect(world.url + "/ws", headers=headers)
            socket = Socket(await stack.enter_async_context(opened))
            await socket.send("ping")
            frame = await socket.receive()
            ended[socket.ws.close_code if frame is None else None] += 1
    return ended


async def refusals(world: World) -> Counter[str]:
    text = (await world.holder(None).get("/metrics")).text
    return Counter({code: int(float(count)) for code, count in REFUSALS.findall(text)})


async def said_in_the_log(person: Person) -> list[str]:
    said, after = list[str](), 0
    while True:
        path = f"/api/rooms/healthy/events?limit=500&types=chat&after={after}"
        page = (await person.get(path)).body
        said += [event["message"] for event in page["events"]]
        if not page["more_after"]:
            return said
        after = page["last"]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_million_bad_frames_are_refused_while_somebody_chats_on(
    token_server: Open,
) -> None:
    world = await token_server(*FLAGS, "--auth-seconds", "60")
    ada = world.person("ada")
    async with chatting(ada) as healthy:
        await asyncio.sleep(CALM_SECONDS)
        calm = healthy.lately()
        before = await refusals(world)
        knocking = asyncio.create_task(knock(world))
        floods = await asyncio.gather(
            *(flood(world, token) for token in ("", world.issuer.token("u-2", "eve")))
        )
        knocking.cancel()
        with suppress(asyncio.CancelledError):
            await knocking
        flooded = healthy.lately()
        refused = await refusals(world) - before
        ended = await crowd(world)
    assert await said_in_the_log(ada) == healthy.said
    for came in floods:
        # Each connection was read to its last frame, and none was cut off.
        assert came["sent"] == FRAMES, came
        assert came["connections"] == came["closed with 4400"] + came["closed with 1000"], came
        # A hundred bad commands end a connection; refused ones do not.
        assert came["errors"] == came["closed with 4400"] * 100 + FRAMES / 2, came
    assert refused.total() >= sum(came["errors"] for came in floods), (refused, floods)
    assert ended[4429] >= 50, ended
    logger.info("p99 of a chat: %.3f s in calm, %.3f s in the flood", calm, flooded)
    logger.info("Floods: %s; refused: %s; crowd: %s", floods, refused, ended)
    assert flooded < 4.0 + 10 * calm, (calm, flooded, floods)
