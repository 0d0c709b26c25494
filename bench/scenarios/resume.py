"""Everybody comes back at once: how fast does a server that has just started bring them up to date?

1,000 members of one room, each 1,000 chats behind, are connected and join in the same moment, with
the seq and the hash of the last event that they saw. Each of them is sent the chats, their joins
and all the others' joins after it: two million events.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import urllib.request
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Final, TypeVar

import uvloop

from bench.crowd import Crowd
from bench.member import HOST
from bench.process import own_cpu_seconds
from bench.result import Line, NoResult, Plan
from bench.servers import Server, chatlog, counters

_T = TypeVar("_T")
_MEMBERS: Final = 1_000
_BEHIND: Final = 1_000
_WATCH_EVERY: Final = 20
_ROOM: Final = "resume"
_LOOK_SECONDS: Final = 0.005
_QUIET_SECONDS: Final = 0.5
_STALLED_SECONDS: Final = 5.0
_LEAST_EVENTS: Final = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Resumed:
    """From the first join sent to the last byte received."""

    events: int
    seconds: float
    server_cpu_seconds: float
    generator_cpu_seconds: float


def resume(plan: Plan) -> list[Line]:
    """Measure the events that a server delivers to members who come back."""
    runs = [resumed() for _ in range(plan.repeat)]
    return [
        Line(
            "resume",
            "events delivered",
            "/s",
            [run.events / run.seconds for run in runs],
            target=("chatlog", _LEAST_EVENTS),
        ),
        Line(
            "resume",
            "events a CPU second",
            "/s",
            [run.events / run.server_cpu_seconds for run in runs],
            target=("chatlog", _LEAST_EVENTS),
        ),
        Line(
            "resume",
            "generator's CPU",
            "cores",
            [run.generator_cpu_seconds / run.seconds for run in runs],
            better="less",
        ),
    ]


def resumed(members: int = _MEMBERS, behind: int = _BEHIND) -> Resumed:
    """Let everybody come back; raise NoResult where a member missed something or was cut."""
    with tempfile.TemporaryDirectory(prefix="chatlog-bench-") as folder:
        database = f"sqlite:///{folder}/resume.db"
        with chatlog(database=database) as server:
            _run(_chat(server, behind))
        with chatlog(database=database) as server:
            return _run(_measure(server, members, behind))


async def _chat(server: Server, chats: int) -> None:
    async with Crowd(server.ports, server.dialect) as crowd:
        await crowd.connect([_ROOM], [0])
        crowd.begin()
        (author,) = crowd.members
        for _ in range(0, chats, 100):
            crowd.chat(author, 100)
        await crowd.quiet()
        if author.own_marks != chats:
            raise NoResult(f"only {author.own_marks} chats were taken")


async def _measure(server: Server, members: int, behind: int) -> Resumed:
    async with Crowd(server.ports, server.dialect) as crowd:
        await crowd.open([_ROOM] * members, range(0, members, _WATCH_EVERY))
        first = await asyncio.to_thread(_first_hash, server.ports[0])
        before = await asyncio.to_thread(_delivered, server.ports[0])
        cpu, own, begun = server.cpu_seconds(), own_cpu_seconds(), time.perf_counter()
        for member in crowd.members:
            crowd.ask(member, _join(member.index, first))
        ended = await _until_quiet(crowd, behind)
        cpu, own = server.cpu_seconds() - cpu, own_cpu_seconds() - own
        events = await asyncio.to_thread(_delivered, server.ports[0]) - before
        _check(crowd, behind)
        return Resumed(events, ended - begun, cpu, own)


async def _until_quiet(crowd: Crowd, behind: int) -> float:
    """Wait until everything has come, and nothing more; return when the last byte came."""
    before, ended = -1, time.perf_counter()
    while True:
        now = sum(member.bytes_in for member in crowd.members)
        if now != before:
            before, ended = now, time.perf_counter()
        is_complete = all(member.marks >= behind for member in crowd.members)
        if time.perf_counter() - ended > (_QUIET_SECONDS if is_complete else _STALLED_SECONDS):
            return ended
        await asyncio.sleep(_LOOK_SECONDS)


def _check(crowd: Crowd, behind: int) -> None:
    counts = {
        "did not get each chat once": sum(one.marks != behind for one in crowd.members),
        "got them out of order": sum(one.disorder > 0 for one in crowd.members),
        "were cut": sum(one.closed for one in crowd.members),
    }
    if any(counts.values()):
        raise NoResult(", ".join(f"{count} members {what}" for what, count in counts.items()))


def _join(index: int, first: str) -> str:
    name = f"member {index}"
    asked = {"type": "join", "room": _ROOM, "username": name, "after": 1, "hash": first}
    return json.dumps(asked)


def _first_hash(port: int) -> str:
    """Return the hash of the room's first event."""
    with urllib.request.urlopen(
        f"http://{HOST}:{port}/api/rooms/{_ROOM}/events?after=0&limit=1", timeout=10
    ) as answer:
        return str(json.load(answer)["events"][0]["hash"])


def _delivered(port: int) -> int:
    """Return the events that a server has written to its members."""
    return int(counters(port)["deliveries"])


def _run(what: Coroutine[None, None, _T]) -> _T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(what)
