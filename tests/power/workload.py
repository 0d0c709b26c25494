"""The real server under the tracer, with real clients who chat, leave and come back."""

import asyncio
import random
import sys
from pathlib import Path
from typing import Final

import aiohttp

from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.record import Record
from tests.support.server import READY_SECONDS, Server, free_port, until

from .trace import CHAT_ID, traced

DATABASE: Final = "chatlog.db"
ROOMS: Final = ("general", "random", "töpfern")
_CLIENTS: Final = 6
_CHATS_EACH: Final = 150
_STOP_SECONDS: Final = 20.0


async def play(library: Path, folder: Path, trace: Path, *start: str, seed: int) -> Record:
    """Run a server on an empty database in ``folder`` from its start to its orderly end.

    ``start`` are Python's arguments before ``serve``: ``-m chatlog``, or a script.
    """
    server = await _started(library, folder, trace, start)
    async with Clients(server) as clients:
        talks = [_talk(clients, f"user {n}", random.Random(seed + n)) for n in range(_CLIENTS)]
        await asyncio.gather(*talks)
        assert await server.stop(_STOP_SECONDS) == 0, server.printed()
    return clients.record


async def _started(library: Path, folder: Path, trace: Path, start: tuple[str, ...]) -> Server:
    folder.mkdir()
    server = Server(f"sqlite:///{folder / DATABASE}", trace.with_suffix(".log"), port=free_port())
    address = ("--host", "127.0.0.1", "--port", str(server.port), "--database", server.database)
    with server.log.open("wb") as out:
        server.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*start, "serve", *address),
            env=traced(library, folder, trace),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    await until(lambda: _ready(server), READY_SECONDS, "a ready server under the tracer")
    return server


async def _ready(server: Server) -> bool:
    assert server.running.returncode is None, f"the server ended:\n{server.printed()}"
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/readyz") as r:
            return r.status == 200
    except aiohttp.ClientError:
        return False


async def _talk(clients: Clients, name: str, chance: random.Random) -> None:
    """Chat one after the other, each acknowledged before the next, so commits are many."""
    client = await clients.connect(name)
    for room in ROOMS:
        await client.join(room, backlog=0)
    for number in range(_CHATS_EACH):
        room = chance.choice(ROOMS)
        await client.chat(room, _text(chance), id=f"{CHAT_ID}{name}-{number}")
        if chance.random() < 0.1:
            await _step_out(client, room)


async def _step_out(client: Client, room: str) -> None:
    await client.leave(room)
    await client.join(room, backlog=0)


def _text(chance: random.Random) -> str:
    """Mostly a line, now and then one that takes several of the database's pages."""
    return "z" * chance.choice((10, 40, 120, 900, 8000))
