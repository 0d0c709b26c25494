"""A server on a log of the benchmark: how long it takes to start, and to follow a dead one."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import sqlalchemy as sa

from bench.member import HOST
from bench.process import cpu_seconds
from bench.servers import free_port, running
from chatlog.databases.database import Database
from chatlog.runtime import running as opened
from chatlog.settings import Settings

LEFT_OPEN: Final = 900
"""Sessions that are open when the server is killed."""
_PROBE_SECONDS: Final = 0.005
_OPEN: Final = sa.text("SELECT count(*) FROM sessions WHERE left_seq IS NULL")


@dataclass(frozen=True, slots=True)
class Started:
    """A running server, and what it took from the start of its process to ``/readyz``."""

    process: subprocess.Popen[bytes]
    address: str
    seconds: float
    cpu_seconds: float


@contextmanager
def serving(database: str) -> Iterator[Started]:
    """Run ``chatlog serve`` with its defaults on a database, given by its URL."""
    port = free_port()
    command = [sys.executable, "-m", "chatlog", "serve", "--host", HOST, "--port", str(port)]
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder,
        running([*command, "--database", database], Path(folder), {}) as process,
    ):
        address = f"{HOST}:{port}"
        asyncio.run(_until_ready(process, f"http://{address}/readyz"))
        seconds = time.perf_counter() - began
        yield Started(process, address, seconds, cpu_seconds(process.pid))


async def _until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    async with aiohttp.ClientSession() as client:
        while process.poll() is None:
            try:
                async with client.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(_PROBE_SECONDS)
    raise RuntimeError(f"the server ended with {process.returncode} before it was ready")


async def opening_ms(database: str) -> float:
    """Return how long a node takes to open the log, in a process that has imported everything."""
    began = time.perf_counter()
    async with opened(Settings(database=database)):
        return (time.perf_counter() - began) * 1e3


@dataclass(frozen=True, slots=True)
class AfterKill:
    """Seconds from the start of the process: to ``/readyz``, and until nobody is left over."""

    ready: float
    lapsed: float


def after_kill(database: str, room: str) -> AfterKill:
    """Kill a server that has ``LEFT_OPEN`` sessions open in a room, and start another."""
    with serving(database) as dead:
        asyncio.run(_join_and_kill(dead, room))
    begun = time.perf_counter()
    with serving(database) as started:
        asyncio.run(_until_lapsed(database))
        return AfterKill(started.seconds, time.perf_counter() - begun)


async def _join_and_kill(server: Started, room: str) -> None:
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        for number in range(LEFT_OPEN):
            socket = await stack.enter_async_context(client.ws_connect(f"ws://{server.address}/ws"))
            join = {"type": "join", "room": room, "username": f"member {number}", "backlog": 0}
            await socket.send_json(join)
            while json.loads((await socket.receive()).data)["type"] != "caught_up":
                pass
        server.process.kill()
        server.process.wait()


async def _until_lapsed(database: str) -> None:
    log = Database(database)
    try:
        while True:
            async with log.read() as connection:
                if not (await connection.execute(_OPEN)).scalar_one():
                    return
            await asyncio.sleep(_PROBE_SECONDS)
    finally:
        await log.dispose()
