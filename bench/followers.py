"""How bell and reads grow with the number of nodes: ``python -m bench.followers``.

One node appends to one PostgreSQL whose commits are durable, at a few rates, while 1 to 200
followers listen: each is what a node has to follow the log (``bench.follower``), without clients.
Either each serves a room of its own, and messages go to one room after the other, or all serve the
one room that gets every message. Prints a table, which ``--write`` keeps for ``docs/scale.md``.
All share the cores: where none is idle, the machine is what is measured, and followers fall behind
and read more events at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench.appender import Appender, appending
from bench.machine import idle_seconds
from bench.nats import nats
from bench.postgres import Postgres, postgres
from bench.process import allow_many_files
from bench.tally import percentile

KEPT = Path(__file__).with_name("followers.md")
_PROCESSES = 2
_SPARE_CONNECTIONS = 50
_CONNECTIONS_EACH = 3
"""One reads, one listens, and one made sure that it can be heard."""
_SAMPLES = 20_000
_DRAIN_SECONDS = 1.5
_KINDS = {"own": "one each", "all": "one, served by all"}
_HEADS = (
    "followers",
    "rooms",
    "messages/s",
    "PostgreSQL, cores",
    "followers, cores",
    "idle, cores",
    "rings/s",
    "heard/s",
    "reads/s",
    "p50, ms",
    "p99, ms",
)


class Followers:
    """The processes with all followers."""

    def __init__(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    async def ask(self, **command: Any) -> list[dict[str, Any]]:
        """Send each of them a command; return their answers."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps(command).encode() + b"\n")
        return [await self._answer(process) for process in self._processes]

    async def ready(self) -> None:
        """Wait until all of them follow."""
        for process in self._processes:
            await self._answer(process)

    @staticmethod
    async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of followers ended with {await process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def following(url: str, bus: str, count: int) -> AsyncIterator[Followers]:
    """Run ``count`` followers in a few processes."""
    processes = []
    share = -(-count // _PROCESSES)
    for first in range(0, count, share):
        last = min(count, first + share)
        processes.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.follower", url, bus, str(first), str(last)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 26,
            )
        )
    try:
        followers = Followers(processes)
        await followers.ready()
        yield followers
    finally:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in processes:
            await process.wait()


@dataclass(frozen=True, slots=True)
class Load:
    """What is appended, and who follows."""

    followers: int
    kind: str
    per_second: int
    seconds: float

    @property
    def rooms(self) -> list[str]:
        return ["all"] if self.kind == "all" else [f"room {n}" for n in range(self.followers)]

    @property
    def receivers(self) -> int:
        """How many followers get each message."""
        return self.followers if self.kind == "all" else 1

    @property
    def sample(self) -> int:
        """Of so many positions, the arrivals at one are kept."""
        return max(1, int(self.per_second * self.seconds * self.receivers / _SAMPLES))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load came to."""

    load: Load
    per_second: float
    postgres_cores: float
    follower_cores: float
    idle_cores: float
    rings_per_second: float
    heard_per_second: float
    reads_per_second: float
    p50_ms: float
    p99_ms: float
    missed: int

    @property
    def cells(self) -> tuple[str, ...]:
        load = self.load
        return (
            str(load.followers),
            _KINDS[load.kind],
            f"{self.per_second:,.0f}",
            f"{self.postgres_cores:.2f}",
            f"{self.follower_cores:.2f}",
            f"{self.idle_cores:.1f}",
            f"{self.rings_per_second:,.0f}",
            f"{self.heard_per_second:,.0f}",
            f"{self.reads_per_second:,.0f}",
            f"{self.p50_ms:.1f}" if load.per_second else "-",
            f"{self.p99_ms:.1f}" if load.per_second else "-",
        )


async def measured(
    load: Load, server: Postgres, followers: Followers, appender: Appender
) -> Measured:
    """Append while all follow, and wait until they have caught up."""
    await followers.ask(do="begin", kind=load.kind, sample=load.sample)
    cpu, idle = server.cpu_seconds(), idle_seconds()
    rings, begun = appender.rings, time.monotonic()
    await appender.run(load.rooms, load.per_second, load.seconds)
    took, rung = time.monotonic() - begun, appender.rings - rings
    used, idle = server.cpu_seconds() - cpu, idle_seconds() - idle
    work = await followers.ask(do="look")
    missed = await _missed(followers, len(appender.committed) * load.receivers)
    got = await followers.ask(do="end")
    late = [at - appender.committed[position] for one in got for position, at in one["arrivals"]]
    per_second = {what: sum(one[what] for one in work) / took for what in work[0]}
    return Measured(
        load,
        len(appender.committed) / took,
        used / took,
        per_second["cpu"],
        idle / took,
        rung / took,
        per_second["heard"],
        per_second["reads"],
        percentile(late, 0.5) / 1e6,
        percentile(late, 0.99) / 1e6,
        missed,
    )


async def _missed(followers: Followers, expected: int) -> int:
    """Wait until no further event comes; return how many have not come."""
    before, got = -1, 0
    while before < got < expected or before < 0:
        before = got
        await asyncio.sleep(_DRAIN_SECONDS)
        got = sum(one["events"] for one in await followers.ask(do="count"))
    return expected - got


async def run(wanted: argparse.Namespace, tell: Callable[[Iterable[str]], None]) -> int:
    """Measure all loads and ``tell`` the cells of each; return how many events were missed."""
    missed = 0
    most = max(wanted.followers)
    connections = most * _CONNECTIONS_EACH + _SPARE_CONNECTIONS
    with postgres(connections=connections, has_core=False) as server, _bus(wanted.bus) as bus:
        url = server.fresh()
        async with appending(url, bus) as appender:
            for count in wanted.followers:
                async with following(url, bus, count) as followers:
                    for kind, rate in _loads(wanted.rates):
                        load = Load(count, kind, rate, wanted.seconds)
                        found = await measured(load, server, followers, appender)
                        tell(found.cells)
                        missed += found.missed
    return missed


@contextmanager
def _bus(name: str) -> Iterator[str]:
    if name != "nats":
        yield name
        return
    with nats(has_core=False) as url:
        yield url


def _loads(rates: Sequence[int]) -> list[tuple[str, int]]:
    return [("own", 0), *((kind, rate) for kind in _KINDS for rate in rates)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.followers", description=__doc__)
    parser.add_argument("--followers", type=int, nargs="+", default=[1, 10, 50, 100, 200])
    parser.add_argument("--rates", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--bus", choices=("auto", "nats", "poll"), default="auto")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each load")
    parser.add_argument("--write", action="store_true", help="renew bench/followers.md")
    wanted = parser.parse_args()
    allow_many_files()
    rows: list[str] = []

    def tell(cells: Iterable[str]) -> None:
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)

    tell(_HEADS)
    tell("---" for _ in _HEADS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        missed = runner.run(run(wanted, tell))
    if wanted.write:
        KEPT.write_text("\n".join(rows) + "\n", encoding="utf-8")
    if missed:
        print(f"{missed} events were missed", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
