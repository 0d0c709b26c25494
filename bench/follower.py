"""Followers of one log, many in a process: what ``bench.followers`` starts.

Each has what a node needs to follow the log: a pool of its own, the tail and the bell. It serves
the rooms that it is told to, and keeps when it got an event of those. Commands come by stdin and
answers go to stdout, a line of JSON each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvloop

from chatlog.bus.bell import Bell
from chatlog.bus.message import Names
from chatlog.bus.nats import Nats
from chatlog.databases.bell import Transport
from chatlog.databases.database import Connection, Database
from chatlog.eventlog.tail import Tail
from chatlog.kinds.event import Recorded

_FIRST_NUMBER = 1_000_000
"""Of the followers as nodes, which have no rows: no node of the log has it."""
_READY_SECONDS = 120
_AGAIN_SECONDS = 1.0


def transport_of(bus: str, database: Database) -> Transport | None:
    """Return what carries the bell: ``auto``, ``poll`` or an address of NATS."""
    if bus == "poll":
        return None
    if bus == "auto":
        return database.backend.bell()

    async def subject() -> str:
        return "chatlog.bench"

    return Nats([bus], subject)


class Counted(Database):
    """A database that counts its readers' transactions."""

    lent = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        self.lent += 1
        async with super().read() as connection:
            yield connection


class Follower:
    """A tail and its bell; as ``Served`` of the tail, some rooms."""

    def __init__(self, url: str, bus: str, number: int) -> None:
        self.number = number
        self.events = 0
        self.arrivals: list[tuple[int, int]] = []
        self.database = Counted(url, readers=1)
        self._names = Names()
        self._sample = 1
        self.tail = Tail(self.database, self, asyncio.Lock(), poll_seconds=1.0)
        transport = transport_of(bus, self.database)
        self.bell = None if transport is None else Bell(transport, lambda: _FIRST_NUMBER + number)

    def wants(self, room: str, type: str) -> bool:
        return room in self._names

    def is_next(self, recorded: Recorded) -> bool:
        return False  # it appends nothing

    def dispatch(self, events: list[Recorded]) -> None:
        now = time.monotonic_ns()
        self.events += len(events)
        for event in events:
            if event.position % self._sample == 0:
                self.arrivals.append((event.position, now))

    def begin(self, rooms: Collection[str], sample: int) -> None:
        """Serve these rooms from now on, and keep the arrivals of one in ``sample`` positions."""
        self._names, self._sample = Names(), sample
        for room in rooms:
            self._names.add(room)
        self.arrivals.clear()
        self.events = self.database.lent = 0
        if self.bell is not None:
            self.bell.heard = 0

    async def follow(self, group: asyncio.TaskGroup) -> None:
        """Start at the log's end; return once the bell is heard."""
        await self.tail.start()
        group.create_task(_keep(self.tail.run))
        if self.bell is None:
            return
        is_up = asyncio.Event()

        def ring() -> None:
            is_up.set()  # as the bell rings once it is heard, whatever was missed
            self.tail.ring()

        group.create_task(_keep(partial(self.bell.listen, ring, self.tail.wake, self._has_any)))
        async with asyncio.timeout(_READY_SECONDS):
            await is_up.wait()

    def _has_any(self, digests: Collection[str]) -> bool:
        return self._names.have_any(digests)

    async def close(self) -> None:
        if self.bell is not None:
            await self.bell.close()
        await self.database.dispose()


async def _keep(run: Callable[[], Awaitable[None]]) -> None:
    """Run a task again when it fails, as a server does; on a full machine some time out."""
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - whatever it is, the table shows what it costs
            print(f"{type(error).__name__}, again", file=sys.stderr)
        await asyncio.sleep(_AGAIN_SECONDS)


async def _serve(followers: list[Follower]) -> None:
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    cpu = 0.0
    _answer({})
    while line := await reader.readline():
        command = json.loads(line)
        if command["do"] == "begin":
            for one in followers:
                rooms = ["all"] if command["kind"] == "all" else [f"room {one.number}"]
                one.begin(rooms, command["sample"])
            cpu = time.process_time()
            _answer({})
        elif command["do"] == "look":
            _answer({"cpu": time.process_time() - cpu, **_work(followers)})
        elif command["do"] == "count":
            _answer({"events": sum(one.events for one in followers)})
        else:
            _answer({"arrivals": [arrival for one in followers for arrival in one.arrivals]})


def _work(followers: list[Follower]) -> dict[str, Any]:
    return {
        "reads": sum(one.database.lent for one in followers),
        "heard": sum(one.bell.heard for one in followers if one.bell is not None),
    }


def _answer(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


class _Done(Exception):
    """Ends the group."""


async def _run(url: str, bus: str, numbers: range) -> None:
    followers = [Follower(url, bus, number) for number in numbers]
    try:
        async with asyncio.TaskGroup() as group:
            for one in followers:
                await one.follow(group)
            await _serve(followers)
            raise _Done
    except* _Done:
        pass
    finally:
        for one in followers:
            await one.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.follower", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("bus")
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    wanted = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(wanted.url, wanted.bus, range(wanted.first, wanted.last)))


if __name__ == "__main__":
    main()
