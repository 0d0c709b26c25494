"""Whether time gives a private room away: ``python -m bench.private_rooms``.

Makes a log with a large private room, starts a server in token mode, and lets somebody without a
role ask for that room and for a name that nobody ever made, one after the other. Prints the
medians of both in milliseconds and, from a Mann-Whitney test, how many standard deviations apart
their ranks are: beyond 4 the two can be told apart. The first questions after a start are
counted for themselves, over several starts.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import secrets
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import jwt

from bench.servers import free_port
from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.domain.identity import Identity
from chatlog.eventlog.append import Node
from chatlog.eventlog.committing.writer import Writer
from chatlog.kinds.command import Command
from chatlog.kinds.creation import Create
from chatlog.kinds.room import Configure
from chatlog.nodes import leases

OWNER = Identity("u-owner", "owner")
ROOM, NOBODY = "~" + "a" * 22, "~" + "b" * 22
COMMANDS: dict[str, dict[str, Any]] = {
    "join": {},
    "history": {},
    "users": {},
    "members": {},
    "room": {"topic": "x"},
    "member": {"subject": "u-owner", "role": "none"},
    "kick": {"username": "owner"},
    "redact": {"of": [1]},
}
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "GET events": ("GET", "/events", None),
    "GET users": ("GET", "/users", None),
    "GET members": ("GET", "/members", None),
    "PATCH": ("PATCH", "", {"topic": "x"}),
    "PUT member": ("PUT", "/members/u-owner", {"role": "none"}),
    "POST kick": ("POST", "/kick", {"subject": "u-owner"}),
    "POST redact": ("POST", "/redact", {"of": [1]}),
}
Ask = Callable[[str], Awaitable[None]]
Samples = dict[str, tuple[list[float], list[float]]]
"""Seconds for the private room and for no room, by question."""


async def fill(url: str, topics: int, members: int, history: str) -> None:
    """Append a private room to an empty log."""
    database = Database(url)
    try:
        await migrate(database)
        node: Node = await leases.begin(database, "bench", alone=False)
        writer = Writer(database, node, doubt_seconds=5.0)
        roles = tuple((f"u-{n}", "member") for n in range(members))
        commands: list[Command] = [Create(ROOM, OWNER, "private", history, "", roles)]  # type: ignore[arg-type]
        commands += [Configure(ROOM, OWNER, topic=f"topic {n}") for n in range(topics)]
        for start in range(0, len(commands), 500):
            await writer.append(commands[start : start + 500])
        await database.after_bulk()
        await leases.end(database, node)
    finally:
        await database.dispose()


@asynccontextmanager
async def serving(database: str, folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Run a server in token mode; yield its URL and a stranger's token."""
    secret, port = folder / "secret", free_port()
    if not secret.exists():
        secret.write_text(secrets.token_hex(32))
    command = ["serve", "--port", str(port), "--database", database, "--auth", "token"]
    with (folder / "server.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "chatlog", *command, "--token-secret-file", str(secret)),
            stdout=log,
            stderr=log,
        )
    claims = {"sub": "u-eve", "name": "eve", "exp": time.time() + 3_600}
    url = f"http://127.0.0.1:{port}"
    try:
        await _ready(url)
        yield url, jwt.encode(claims, secret.read_text(), algorithm="HS256")
    finally:
        process.terminate()
        await process.wait()


async def _ready(url: str) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url + "/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


@asynccontextmanager
async def questions(url: str, token: str) -> AsyncIterator[dict[str, Ask]]:
    """Yield how the stranger asks, by question."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.ws_connect(url + "/ws") as socket,
    ):
        await socket.receive()

        def command(type: str, fields: dict[str, Any]) -> Ask:
            async def ask(room: str) -> None:
                await socket.send_json({"type": type, "room": room, "id": "1", **fields})
                assert (await socket.receive_json())["code"] == "room_unknown"

            return ask

        def request(method: str, path: str, body: Any) -> Ask:
            async def ask(room: str) -> None:
                address = f"{url}/api/rooms/{room}{path}"
                async with http.request(method, address, json=body) as answer:
                    assert answer.status == 404
                    await answer.read()

            return ask

        yield {type: command(type, fields) for type, fields in COMMANDS.items()} | {
            name: request(*asked) for name, asked in REQUESTS.items()
        }


async def measure(asks: dict[str, Ask], turns: Iterable[int], samples: Samples) -> None:
    """Ask everything for both names in each turn; which one is first alternates."""
    for turn in turns:
        for name, ask in asks.items():
            for which in (0, 1) if turn % 2 else (1, 0):
                began = time.perf_counter()
                await ask((ROOM, NOBODY)[which])
                samples[name][which].append(time.perf_counter() - began)


def deviations(first: Sequence[float], second: Sequence[float]) -> float:
    """Return by how many standard deviations Mann-Whitney's U is off its mean."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    m, n = len(first), len(second)
    u = ranks - m * (m + 1) / 2
    return (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)


def report(title: str, samples: Samples) -> None:
    """Print the medians of each question, and how far apart they are."""
    print(f"\n{title:24} {'private':>9} {'nobody':>9} {'deviations':>11}")
    for name, (real, none) in samples.items():
        print(
            f"{name:24} {statistics.median(real) * 1e3:9.3f} {statistics.median(none) * 1e3:9.3f} "
            f"{deviations(real, none):11.1f}"
        )


def _samples() -> Samples:
    return defaultdict(lambda: ([], []))


async def run(database: str, folder: Path, wanted: argparse.Namespace) -> None:
    await fill(database, wanted.topics, wanted.members, wanted.history)
    cold = _samples()
    for start in range(wanted.starts):
        async with serving(database, folder) as (url, token), questions(url, token) as asks:
            name = list(asks)[start // 2 % len(asks)]
            await measure({name: asks[name]}, [start], cold)
    together: Samples = {
        "first question": (
            [one for real, _ in cold.values() for one in real],
            [one for _, none in cold.values() for one in none],
        )
    }
    if wanted.starts:
        report(f"after each of {wanted.starts} starts", together)
    async with serving(database, folder) as (url, token), questions(url, token) as asks:
        warm = _samples()
        await measure(asks, range(wanted.rounds), warm)
        report(f"{wanted.rounds} times each", warm)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.private_rooms", description=__doc__)
    parser.add_argument("--database", help="URL of an empty log; a SQLite file by default")
    parser.add_argument("--topics", type=int, default=5_000, help="changes of the topic")
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--history", choices=("all", "since_member"), default="since_member")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--starts", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder:
        database = wanted.database or f"sqlite:///{folder}/bench.db"
        asyncio.run(run(database, Path(folder), wanted))


if __name__ == "__main__":
    main()
