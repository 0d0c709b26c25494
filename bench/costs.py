"""What single steps cost on PostgreSQL: ``python -m bench.costs``.

Prints in ms what ``bench.scale_model`` computes with. With ``--write`` it keeps that in
``costs.json`` beside it; run ``python -m docs.render`` then. PostgreSQL's commits are durable; it
has the first core, and the node the other. Other work on the machine only adds to the figures, so
of CPU they are the lowest of some rounds, and of the lock the quickest tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvloop

from bench.crowd import Crowd
from bench.follower import Counted
from bench.load import at_rate
from bench.member import Member
from bench.postgres import Postgres, postgres
from bench.process import allow_many_files
from bench.room import Seats, clean, with_crowd
from bench.servers import chatlog, nodes
from bench.tally import Tally, percentile
from chatlog.bus.bell import Bell
from chatlog.bus.message import Names
from chatlog.databases.backend import Place
from chatlog.databases.database import Connection
from chatlog.databases.migrate import migrate
from chatlog.databases.places import end_place
from chatlog.eventlog.committing.writer import Writer
from chatlog.eventlog.forward import page_after
from chatlog.kinds.chat import PostAs
from chatlog.nodes import leases

KEPT = Path(__file__).with_name("costs.json")
_ROUNDS = 5
_REPEATS = 50
_BATCH = 50
_LISTENERS = 50
_IDLE_NODES = 2
_IDLE_SECONDS = 15.0
_MESSAGES_PER_SECOND = 20.0
_MORE_MEMBERS = 200
_TEXT = "x" * 100


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one step, in ms: CPU of PostgreSQL and of the node, and how long it holds the lock."""

    postgres: float
    node: float
    lock: float = 0.0

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.postgres - other.postgres, self.node - other.node, self.lock - other.lock)

    def __truediv__(self, parts: float) -> Cost:
        return Cost(self.postgres / parts, self.node / parts, self.lock / parts)


@dataclass(frozen=True, slots=True)
class Costs:
    """The steps."""

    commit: Cost
    """A commit, whatever is in it."""
    event: Cost
    """What each event adds to its commit; to the lock the CPU of both, who wait for each other."""
    renewal: Cost
    """A renewal of a lease."""
    read: Cost
    """A read of the tail that finds one event of a room that the node serves."""
    poll: Cost
    """A read of the tail that finds nothing."""
    ring: Cost
    """A NOTIFY, without those who listen."""
    heard: Cost
    """A NOTIFY at each node that listens; the node is not concerned."""
    idle: Cost
    """A second of a server without clients."""
    delivery: Cost
    """A message at each member, if it is a write of its own."""


class Timed(Counted):
    """A database that keeps for how long its transactions held the log's lock, in seconds."""

    def __init__(self, url: str) -> None:
        super().__init__(url, readers=1)
        self.held: list[float] = []
        self._locked_at = 0.0
        lock = self.backend.lock

        async def timed(*arguments: Any) -> Any:
            found = await lock(*arguments)
            self._locked_at = time.perf_counter()
            return found

        cast(Any, self.backend).lock = timed

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        async with super().write() as connection:
            yield connection
            self.held.append(time.perf_counter() - self._locked_at)


async def cost_of(server: Postgres, database: Timed, step: Callable[[], Awaitable[object]]) -> Cost:
    """Return what a step costs."""
    found = [await _round(server, database, step) for _ in range(_ROUNDS)]
    return Cost(
        min(one.postgres for one in found),
        min(one.node for one in found),
        min(one.lock for one in found),
    )


async def _round(server: Postgres, database: Timed, step: Callable[[], Awaitable[object]]) -> Cost:
    for _ in range(8):  # of a new statement, the first five executions are planned each
        await step()
    database.held.clear()
    theirs, ours = server.cpu_seconds(), time.process_time()
    for _ in range(_REPEATS):
        await step()
    ours, theirs = time.process_time() - ours, server.cpu_seconds() - theirs
    held = percentile(database.held, 0.1)
    return Cost(theirs * 1e3 / _REPEATS, ours * 1e3 / _REPEATS, held * 1e3)


async def measured(server: Postgres) -> Costs:
    """Measure the steps that need no server; the others cost nothing."""
    database = Timed(server.fresh())
    await migrate(database)
    node = await leases.begin(database, "bench", alone=False)
    writer = Writer(database, node, doubt_seconds=5.0, is_open=True)

    def append(events: int) -> Callable[[], Awaitable[object]]:
        rooms = [f"room {number}" for number in range(events)]
        return lambda: writer.append([PostAs(room, _TEXT, username="w") for room in rooms])

    async def renew() -> None:
        await leases.renew(database, node)

    one = await cost_of(server, database, append(1))
    event = (await cost_of(server, database, append(1 + _BATCH)) - one) / _BATCH
    # Timed, it would be that of other processes, too: 50 events take long enough to be interrupted.
    event = replace(event, lock=event.postgres + event.node)
    renewal = await cost_of(server, database, renew)
    read, poll = await _reads(server, database, append(2))
    ring, heard = await _rings(server, database)
    await leases.end(database, node)
    await database.dispose()
    none = Cost(0.0, 0.0)
    return Costs(one - event, event, renewal, read, poll, ring, heard, idle=none, delivery=none)


async def _reads(
    server: Postgres, database: Timed, append_two: Callable[[], Awaitable[object]]
) -> tuple[Cost, Cost]:
    async with database.read() as connection:
        before = await end_place(connection)
    await append_two()
    async with database.read() as connection:
        page = await page_after(connection, before, limit=1, wants=_all)
        last = await end_place(connection)
    assert page is not None

    def read(after: Place) -> Callable[[], Awaitable[object]]:
        async def step() -> None:
            async with database.read() as connection:
                assert await page_after(connection, after, limit=500, wants=_all) is not None

        return step

    found = await cost_of(server, database, read(page.end))
    return found, await cost_of(server, database, read(last))


def _all(_position: int, _room: str, _type: str) -> bool:
    return True


async def _rings(server: Postgres, database: Timed) -> tuple[Cost, Cost]:
    """Return the cost of a ring without listeners, and of each listener."""
    transport = database.backend.bell()
    assert transport is not None

    async def ring() -> None:
        await transport.send('{"node":1,"end":1000000,"rooms":"0123456789abcdef"}')

    alone = await cost_of(server, database, ring)
    names = Names()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number in range(_LISTENERS):
            listener = database.backend.bell()
            assert listener is not None
            bell, is_up = Bell(listener, partial(int, 100 + number)), asyncio.Event()
            heard = bell.listen(is_up.set, lambda: None, names.have_any)
            tasks.append(group.create_task(heard))
            await is_up.wait()
        together = await cost_of(server, database, ring)
        for task in tasks:
            task.cancel()
    await transport.close()
    return alone, (together - alone) / _LISTENERS


def _idle(server: Postgres) -> Cost:
    with nodes(_IDLE_NODES, server.fresh()) as cluster:
        time.sleep(2.0)  # what a start costs
        theirs, ours = server.cpu_seconds(), cluster.cpu_seconds()
        time.sleep(_IDLE_SECONDS)
        theirs = server.cpu_seconds() - theirs
        ours = cluster.cpu_seconds() - ours
    return Cost(theirs * 1e3, ours * 1e3) / (_IDLE_SECONDS * _IDLE_NODES)


def _delivery() -> Cost:
    """Return the cost of a delivery: what more members of a quiet room add to a message."""
    few, many = 2, 2 + _MORE_MEMBERS
    costs = [_message_ms(members) for members in (few, many) * _ROUNDS]
    return Cost(0.0, (min(costs[1::2]) - min(costs[::2])) / _MORE_MEMBERS)


def _message_ms(members: int) -> float:
    async def measure(crowd: Crowd, senders: Sequence[Member]) -> Tally:
        return await at_rate(crowd, server.cpu_seconds, senders, _MESSAGES_PER_SECOND, 2.0)

    with chatlog() as server:
        seats = Seats(members, senders=2)
        return clean(with_crowd(server, seats, measure)).server_cpu_us_per_message / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew bench/costs.json")
    wanted = parser.parse_args()
    allow_many_files()
    with postgres(connections=_LISTENERS * 2 + 50) as server:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(measured(server))
        found = replace(found, idle=_idle(server), delivery=_delivery())
    kept = {
        step: {what: round(ms, 3) for what, ms in cost.items()}
        for step, cost in asdict(found).items()
    }
    text = json.dumps(kept, indent=2) + "\n"
    print(text, end="")
    if wanted.write:
        KEPT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
