"""What a database cannot store is refused alone, should it ever get past the edge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from chatlog.domain.errors import Refused
from chatlog.eventlog.committing.committer import Committer, Told
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from tests.support.logbook import Log, join

LONE_SURROGATE, NUL = "\ud800", "\x00"


async def commit(log: Log, commands: Sequence[Command]) -> tuple[list[Told], list[Recorded]]:
    """Have the commands committed in one batch; return what they and the tail were told."""
    told: list[Told] = []
    delivered: list[Recorded] = []

    def lost() -> None:
        raise AssertionError("the lease was lost")

    committer = Committer(
        log.writer, delivered.extend, lost, max_batch=1_000, max_waiting=1_000, max_delay_ms=0
    )
    for command in commands:
        committer.submit(command, told.append)
    running = asyncio.create_task(committer.run())
    try:
        async with asyncio.timeout(30):
            await committer.drain()
    finally:
        running.cancel()
    return told, delivered


async def assert_fails_alone(log: Log, bad: Command) -> None:
    session = await log.join("general", "ada")
    told, delivered = await commit(
        log, [Post("general", session, "before"), bad, Post("general", session, "after")]
    )
    assert [type(t) for t in told] == [Recorded, Refused, Recorded]
    assert isinstance(told[1], Refused)
    assert told[1].code == "bad_command"
    assert [told[0], told[2]] == delivered
    assert (await log.events())[-2:] == delivered
    await log.record(Post("general", session, "and on"))


@pytest.mark.parametrize("where", ["message", "id"])
async def test_a_lone_surrogate_in_a_chat_fails_alone(log: Log, where: str) -> None:
    session = await log.join("general", "bob")
    text = {"message": "hello", "id": "c-1"} | {where: LONE_SURROGATE}
    bad = Post("general", session, text["message"], text["id"])
    await assert_fails_alone(log, bad)


@pytest.mark.parametrize("where", ["room", "username", "session"])
async def test_a_lone_surrogate_in_a_join_fails_alone(log: Log, where: str) -> None:
    text = {"room": "new", "username": "bob", "session": "s-1"} | {where: LONE_SURROGATE}
    bad = join(text["room"], text["username"], session=text["session"])
    await assert_fails_alone(log, bad)


@pytest.mark.parametrize("where", ["message", "username"])
async def test_a_nul_fails_alone_on_postgresql_and_is_kept_by_sqlite(log: Log, where: str) -> None:
    session = await log.join("general", "bob")
    bad = Post("general", session, NUL) if where == "message" else join("new", f"bob{NUL}")
    if log.database.backend.name == "postgresql":
        await assert_fails_alone(log, bad)
    else:
        [event] = await log.record(bad)
        assert (await log.events())[-1] == event
