"""What clients and auditors ask of a server, each in the largest room unless it says otherwise."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import sqlalchemy as sa

from chatlog.audit.queries import queries, run_query
from chatlog.databases.database import Database

RUNS: Final = 20
_BEHIND: Final = 1_000
"""Events that a member has missed who resumes."""


@dataclass(slots=True)
class Asker:
    """A client of a running server; ``quiet`` are rooms that it has not been asked about."""

    client: aiohttp.ClientSession
    address: str
    room: str
    head: int
    quiet: list[str]
    serial: itertools.count[int] = field(default_factory=itertools.count)

    async def get(self, path: str, **query: str | int) -> Any:
        """Return the answer to a GET about the largest room."""
        url = f"http://{self.address}/api/rooms/{quote(self.room)}{path}"
        async with self.client.get(url, params=query, raise_for_status=True) as answer:
            return await answer.json()

    def place(self, run: int) -> int:
        """Return a seq of the largest room; those of all runs are spread over it."""
        return self.head * (run + 1) // (RUNS + 1)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a WebSocket."""
        async with self.client.ws_connect(f"ws://{self.address}/ws", max_msg_size=0) as socket:
            yield socket

    async def joined(
        self, socket: aiohttp.ClientWebSocketResponse, room: str, **more: int
    ) -> float:
        """Join a room; return the milliseconds until the client has caught up."""
        command = {"type": "join", "room": room, "username": f"asker {next(self.serial)}", **more}
        return await _answered(socket, command, "caught_up")


async def _answered(
    socket: aiohttp.ClientWebSocketResponse, command: Mapping[str, Any], last: str
) -> float:
    wanted = f'{{"type":"{last}"'
    began = time.perf_counter()
    await socket.send_json(command)
    while not (text := (await socket.receive()).data).startswith(wanted):
        if text.startswith('{"type":"error"'):
            raise RuntimeError(text)
    return (time.perf_counter() - began) * 1e3


Question = Callable[[Asker, int], Awaitable[float]]
"""Asks once, the n-th time, and returns the milliseconds."""


async def _join(asker: Asker, _run: int) -> float:
    async with asker.socket() as socket:
        return await asker.joined(socket, asker.room)


async def _join_quiet(asker: Asker, _run: int) -> float:
    async with asker.socket() as socket:
        return await asker.joined(socket, asker.quiet.pop())


async def _resume(asker: Asker, _run: int) -> float:
    async with asker.socket() as socket:
        return await asker.joined(socket, asker.room, after=asker.head - _BEHIND)


async def _append(asker: Asker, run: int) -> float:
    async with asker.socket() as socket:
        await asker.joined(socket, asker.room, backlog=0)
        command = {"type": "chat", "id": f"{time.time_ns():x}-{run}", "message": "x" * 100}
        return await _answered(socket, command, "ack")


def _got(path: str, **query: Callable[[Asker, int], str | int]) -> Question:
    async def ask(asker: Asker, run: int) -> float:
        began = time.perf_counter()
        await asker.get(path, **{name.rstrip("_"): of(asker, run) for name, of in query.items()})
        return (time.perf_counter() - began) * 1e3

    return ask


async def _users_at_time(asker: Asker, run: int) -> float:
    [event] = (await asker.get("/events", around=asker.place(run), limit=1))["events"]
    return await _got("/users", at=lambda *_: event["at"])(asker, run)


async def _witnesses(asker: Asker, run: int) -> float:
    path = f"/events/{asker.place(run)}/witnesses"
    return await _got(path, limit=lambda *_: 20)(asker, run)


async def _rooms(asker: Asker, _run: int) -> float:
    began = time.perf_counter()
    url = f"http://{asker.address}/api/rooms"
    async with asker.client.get(url, raise_for_status=True) as answer:
        await answer.read()
    return (time.perf_counter() - began) * 1e3


QUESTIONS: Final[Mapping[str, Question]] = {
    "append": _append,
    "join with 50 messages": _join,
    "join a quiet room": _join_quiet,
    f"resume after {_BEHIND:,} events": _resume,
    "page of 50 events": _got("/events", before=Asker.place),
    "page of 50 messages": _got("/events", before=Asker.place, types=lambda *_: "chat"),
    "users now": _got("/users"),
    "users at an event": _got("/users", at=Asker.place),
    "users at a time": _users_at_time,
    "sessions at an event": _got("/sessions", from_=Asker.place, to=Asker.place),
    "20 witnesses of an event": _witnesses,
    "page of 100 rooms": _rooms,
}
"""What a server is asked, each 20 times at places spread over the room."""


async def asked(address: str, database: str) -> dict[str, float]:
    """Ask a server everything; return milliseconds, the lower quartiles.

    A median would follow what else the machine does.
    """
    room, head, quiet = await largest_and_quiet(database)
    async with aiohttp.ClientSession() as client:
        asker = Asker(client, address, room, head, quiet)
        found = {}
        for name, question in QUESTIONS.items():
            times = [await question(asker, run) for run in range(RUNS)]
            found[name] = statistics.quantiles(times, n=4)[0]
        return found


AUDITED: Final[Mapping[str, Mapping[str, str]]] = {
    "messages-with-words": {"words": "no such words"},
    "who-never-spoke": {},
}
"""Ready-made questions that concern all of a room, with what they are told besides it."""


async def audited(database: str) -> dict[str, float]:
    """Ask ready-made questions about the largest room; return milliseconds, the best of three."""
    log = Database(database, readers=1, patient=True)
    room, _, _ = await largest_and_quiet(database)
    ready = await asyncio.to_thread(queries)  # they are files
    found = {}
    try:
        for name, told in AUDITED.items():
            times = []
            for _ in range(3):
                async with log.read() as connection:
                    began = time.perf_counter()
                    await run_query(connection, ready[name], {"room": room, **told})
                    times.append((time.perf_counter() - began) * 1e3)
            found[name] = min(times)
    finally:
        await log.dispose()
    return found


_LARGEST: Final = sa.text(
    "SELECT r.room, (SELECT max(e.seq) FROM events AS e WHERE e.room_id = r.id) AS head "
    "FROM rooms AS r ORDER BY r.id"
)


async def largest_and_quiet(database: str) -> tuple[str, int, list[str]]:
    """Return the largest room, its head, and rooms that are far from the largest."""
    log = Database(database, readers=1, patient=True)
    try:
        async with log.read() as connection:
            rooms = (await connection.execute(_LARGEST)).all()
    finally:
        await log.dispose()
    middle = len(rooms) // 2
    return rooms[0].room, rooms[0].head, [row.room for row in rooms[middle : middle + RUNS]]
