"""A run: two nodes on one log, five people, a story of steps, and the checker's judgement."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from chatlog.databases.database import Database
from chatlog.databases.sqlite import backend as sqlite
from chatlog.eventlog.committing import pace
from chatlog.nodes import leases
from chatlog.runtime import Runtime
from chatlog.runtime.tasks import task_group
from chatlog.settings import Settings
from tests.support.checker import Violation, judge
from tests.support.inside import InsideClient
from tests.support.record import Record

from .machine import Machine, VirtualLoop
from .people import Person, read_log

NAMES = ("ada", "ada", "bob", "bob", "carol")
ROOMS = ("general", "random")
LONG_SECONDS = 12.0

SETTINGS = Settings(
    max_buffer_bytes=600,
    max_recent_bytes=12_000,
    slow_seconds=4.0,
    idle_room_seconds=4.0,
    max_batch=4,
    max_waiting_commands=10,
    doubt_seconds=0.5,
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something happens; ``who`` and ``number`` mean what the step makes of them."""

    what: str
    who: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    seed: int
    steps: Sequence[Step]


def run(story: Story, template: Path, folder: Path) -> tuple[list[Violation], Counter[str]]:
    """Play a story on a copy of an empty log.

    Returns the promises that were broken, and how often what has happened.
    """
    database = folder / "chatlog.db"
    for file in folder.glob("chatlog.db*"):
        file.unlink()
    shutil.copyfile(template, database)
    machine = Machine(random.Random(story.seed))
    with (
        mock.patch.object(sqlite, "OneHopConnection", machine.connection),
        mock.patch.object(pace, "process_time", return_value=0.0),
        _quiet(),
        asyncio.Runner(loop_factory=VirtualLoop) as runner,
    ):
        record = runner.run(_play(story, machine, f"sqlite:///{database}"))
    return judge(record, settled=True), Counter(_happenings(record))


def _happenings(record: Record) -> Iterator[str]:
    """Name what clients were told: types of frames, errors, and how connections ended."""
    for connection in record.connections:
        for frame in connection.frames:
            yield str(frame.data.get("code", frame.data.get("cause", frame.type)))
            if "repeated" in frame.data:
                yield "repeated"


@contextmanager
def _quiet() -> Iterator[None]:
    """Outages are the point here; nobody wants to read of each."""
    logger = logging.getLogger("chatlog")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def _play(story: Story, machine: Machine, url: str) -> Record:
    database, record = Database(url, readers=2), Record()
    try:
        async with asyncio.timeout(10_000), task_group() as tasks:
            nodes = [await _node(database, name, tasks) for name in ("a", "b")]
            people = [Person(f"{n}-{i}", n, nodes, record) for i, n in enumerate(NAMES)]
            for person in people:
                tasks.create_task(person.live())
                person.plan("join", room=ROOMS[0], backlog=2)
            for step in story.steps:
                await _take(step, people, machine)
            await _settle(people, machine, nodes[0], record)
    finally:
        await database.dispose()
    return record


async def _node(database: Database, name: str, tasks: asyncio.TaskGroup) -> Runtime:
    runtime = Runtime(SETTINGS, database, await leases.begin(database, name, alone=False), tasks)
    await runtime.tail.start()
    runtime.start()
    return runtime


async def _take(step: Step, people: list[Person], machine: Machine) -> None:
    person, room = people[step.who % len(people)], ROOMS[step.number % len(ROOMS)]
    if step.what in ("full", "io", "late", "doubt"):
        machine.fates.append(step.what)
    elif step.what in ("join", "resume", "chat", "leave", "users", "history"):
        backlog = {"backlog": step.number % 4} if step.what == "join" else {}
        person.plan(step.what, room=room, **backlog)
    match step.what:
        case "again":
            person.plan("again", which=step.number)
        case "go":
            person.plan("go")
        case "stand still" if person.client is not None:
            person.client.outlet.stuck = True
        case "read on":
            _read_on(person)
        case "outage":
            machine.down_until = asyncio.get_running_loop().time() + step.number / 5
        case "wait":
            await asyncio.sleep(step.number)
        case _:
            pass  # planned above
    for _ in range(machine.chance.randrange(12)):
        await asyncio.sleep(0)


def _read_on(person: Person) -> None:
    if person.client is not None and person.client.is_open:
        person.client.outlet.stuck = False
        person.client.outlet.read()


async def _settle(people: list[Person], machine: Machine, node: Runtime, record: Record) -> None:
    """Let everything come to rest, then read the final logs."""
    machine.fates.clear()
    machine.down_until = 0.0
    for person in people:
        _read_on(person)
    for person in people:
        await person.idle()
    await asyncio.sleep(LONG_SECONDS)
    for person in people:
        if person.client is not None and not person.client.is_open:
            person.plan("go")
            await person.idle()
    await asyncio.sleep(LONG_SECONDS)
    auditor = InsideClient(node, record, "auditor")
    for room in ROOMS:
        if (log := await read_log(auditor, room)) is not None:
            record.logs[room] = log
