"""A reader that follows the log misses nothing, whoever writes and from wherever."""

from __future__ import annotations

import asyncio
import sys

from chatlog.eventlog.forward import events_between
from chatlog.kinds.chat import Post, Posted
from chatlog.kinds.event import Recorded
from tests.support.logbook import Log, open_log

WRITER = """
import asyncio, sys
from tests.support.logbook import open_log
from chatlog.kinds.chat import Post

async def write(url, name, batches):
    async with open_log(url, node=name) as log:
        session = await log.join("general", name)
        for n in range(int(batches)):
            await log.record(*(Post("general", session, f"{name} {n} {m}") for m in range(3)))

asyncio.run(write(*sys.argv[1:]))
"""
BATCHES = 20


async def follow(log: Log, enough: int) -> list[Recorded]:
    """Read on from the last position seen, as the tail does, until so many have come."""
    found: list[Recorded] = []
    async with asyncio.timeout(60):
        while len(found) < enough:
            async with log.database.read() as connection:
                position = found[-1].position if found else 0
                found += await events_between(connection, position + 1, position + 7)
    return found


async def test_a_reader_beside_three_writing_processes_sees_every_event_once(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log:
        names = ["ada", "bob", "carol"]
        command = (sys.executable, "-c", WRITER, postgres_url)
        writers = [
            await asyncio.create_subprocess_exec(*command, name, str(BATCHES)) for name in names
        ]
        found = await follow(log, len(names) * (1 + 3 * BATCHES))
        assert [await writer.wait() for writer in writers] == [0, 0, 0]
        assert found == await log.events()
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    for name in names:
        said = [
            e.event.message for e in found if type(e.event) is Posted and e.event.user.name == name
        ]
        assert said == [f"{name} {n} {m}" for n in range(BATCHES) for m in range(3)]


async def test_a_reader_beside_a_writing_task_sees_every_event_once(log: Log) -> None:
    session = await log.join("general", "ada")

    async def write() -> None:
        for n in range(60):
            await log.record(Post("general", session, f"{n}"))

    writing = asyncio.create_task(write())
    found = await follow(log, 61)
    await writing
    assert found == await log.events()
