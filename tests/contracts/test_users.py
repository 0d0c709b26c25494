"""A user is made once for a name, whoever uses it first and however many at once."""

from __future__ import annotations

import asyncio

from tests.support.logbook import Log, join, open_log


async def users(log: Log) -> dict[str, int]:
    found = await log.table("SELECT username, count(*) AS n FROM users GROUP BY username")
    return {row["username"]: row["n"] for row in found}


async def test_a_name_used_in_several_rooms_and_batches_is_one_user(log: Log) -> None:
    first = await log.record(join("general", "ada"), join("random", "ada"), join("general", "ada"))
    second = await log.record(join("third", "ada"))
    assert len({e.event.user for e in [*first, *second]}) == 1
    assert await users(log) == {"ada": 1}


async def test_a_name_used_on_several_nodes_at_once_is_one_user(database_url: str) -> None:
    async with open_log(database_url) as first, open_log(database_url, node="b") as second:
        names = [f"user {n}" for n in range(10)]
        logs = (first, second)
        await asyncio.gather(*(log.record(join("general", name)) for log in logs for name in names))
        assert await users(first) == dict.fromkeys(names, 1)


async def test_names_are_told_apart_to_the_last_character(log: Log) -> None:
    names = ["ada", "Ada", "ada ", "a", "äda", "а́da", "用户", "👩‍🚀"]
    events = await log.record(*(join("general", name) for name in names))
    assert len({event.event.user.id for event in events}) == len(names)
    assert await users(log) == dict.fromkeys(names, 1)


async def test_the_name_of_an_erased_person_used_again_is_a_new_user(
    log: Log, database_url: str
) -> None:
    [before] = await log.record(join("general", "ada"))
    await log.change("UPDATE users SET username = NULL, salt = NULL, name_key = NULL")
    async with open_log(database_url, node="b") as other:
        [after] = await other.record(join("general", "ada"))
    assert before.event.user.id != after.event.user.id
