"""What a writer remembers between batches is never older than the log, and never too much."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.check_room import RoomCheck, verdict_of
from chatlog.eventlog.append import Batch
from chatlog.eventlog.memory import Memory
from chatlog.eventlog.steps import erasing
from chatlog.kinds.chat import Post
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join, Joined
from tests.support.logbook import Log, join, leave, open_log


def remembering(log: Log, *, rooms: int = 10_000, users: int = 10_000) -> Memory:
    """Give the log's writer a memory of this size and return it."""
    memory = log.writer._memory = Memory(max_rooms=rooms, max_users=users)
    return memory


async def join_and_leave(log: Log, room: str, username: str) -> Recorded:
    """Have somebody come and go; return the join."""
    session = await log.join(room, username)
    await log.record(leave(room, session))
    return (await log.events())[-2]


async def erase(log: Log, username: str) -> None:
    await log.writer.transact(erasing.erase_user(username, by="op", reason="asked to"))


def user_id(recorded: Recorded) -> str:
    assert isinstance(recorded.event, Joined)
    return recorded.event.user.id


async def verifies(log: Log) -> bool:
    rooms = await log.table("SELECT id, room FROM rooms")
    checks = {row["room"]: RoomCheck(log.database, row["id"]) for row in rooms}
    return all([(await verdict_of(check, room)).ok for room, check in checks.items()])


@pytest.mark.parametrize("rooms_kept", [True, False])
async def test_the_name_of_a_person_whom_another_node_erased_is_a_new_user(
    database_url: str, rooms_kept: bool
) -> None:
    async with open_log(database_url) as here, open_log(database_url, node="b") as there:
        memory = remembering(here)
        before = await join_and_leave(here, "general", "bob")
        if not rooms_kept:
            memory.rooms.clear()
        await erase(there, "bob")
        after = await join_and_leave(here, "general", "bob")
        assert user_id(before) != user_id(after)
        assert await verifies(here)


async def test_a_node_that_missed_more_than_it_would_read_knows_of_the_erasure(
    database_url: str,
) -> None:
    async with open_log(database_url) as here, open_log(database_url, node="b") as there:
        before = await join_and_leave(here, "general", "bob")
        session = await there.join("general", "eve")
        await erase(there, "bob")
        for _ in range(3):
            await there.record(*(Post("general", session, f"{n}") for n in range(1_000)))
        after = await join_and_leave(here, "general", "bob")
        assert user_id(before) != user_id(after)
        assert await verifies(here)


async def test_a_batch_that_needs_more_rooms_than_are_remembered_has_all_of_them(
    log: Log,
) -> None:
    memory = remembering(log, rooms=2)
    for name in "abcde":
        await join_and_leave(log, name, "ada")
    resumes = [Join(name, f"again {name}", "ada", after=2) for name in "abcde"]
    assert [event.seq for event in await log.record(*resumes)] == [3] * 5
    await join_and_leave(log, "f", "ada")
    assert len(memory.rooms) == 2


async def test_a_batch_that_needs_more_users_than_are_remembered_has_all_of_them(
    log: Log,
) -> None:
    memory = remembering(log, users=2)
    names = ["ada", "bob", "eve", "dan"]
    first = [user_id(await join_and_leave(log, "general", name)) for name in names]
    again = await log.record(*(join("general", name) for name in [*names, "new", "newer"]))
    assert [user_id(event) for event in again][:4] == first
    assert len({user_id(event) for event in again}) == 6
    await join_and_leave(log, "general", "last")
    assert len(memory.users) == 2


async def test_what_was_used_last_is_remembered_longest(log: Log) -> None:
    memory = remembering(log, rooms=2, users=2)
    for room, user in [("a", "ada"), ("b", "bob"), ("a", "ada"), ("c", "eve"), ("a", "ada")]:
        await join_and_leave(log, room, user)
    assert list(memory.rooms) == ["c", "a"]
    assert list(memory.users) == ["eve", "ada"]


async def test_rooms_with_open_sessions_are_forgotten_like_others_and_known_again(
    log: Log,
) -> None:
    memory = remembering(log, rooms=3)
    sessions = {name: await log.join(name, "ada") for name in map(str, range(8))}
    assert len(memory.rooms) <= 4
    posted = await log.record(*(Post(name, sessions[name], "still here") for name in sessions))
    assert [event.seq for event in posted] == [2] * 8
    assert await verifies(log)


async def test_more_names_can_be_looked_up_at_once_than_a_statement_takes(log: Log) -> None:
    session = await log.join("general", "ada")
    names = {f"name {n}" for n in range(33_000)}

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        await batch.know(connection, {"general", *names}, {"ada", *names})
        assert isinstance(batch.settle(Post("general", session, "here")), Recorded)

    await log.writer.transact(step)
    assert [event.seq for event in await log.events()] == [1, 2]


async def test_a_step_that_looks_up_twice_gives_no_number_twice(log: Log) -> None:
    async def step(connection: AsyncConnection, batch: Batch) -> None:
        for name in ("ada", "bob"):
            await batch.know(connection, {f"room of {name}"}, {name})
            batch.settle(join(f"room of {name}", name))

    await log.writer.transact(step)
    numbers = await log.table("SELECT id FROM users ORDER BY id")
    assert [row["id"] for row in numbers] == [1, 2]
    assert await verifies(log)
