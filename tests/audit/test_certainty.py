"""Who is uncertain is one rule: presence, witnesses and SQL give the same answer of one log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from chatlog.audit.locating import find_room
from chatlog.audit.presence import present_at
from chatlog.audit.queries import queries, run_query
from chatlog.audit.witnesses import witnesses_of
from chatlog.databases.database import Connection
from chatlog.kinds.chat import Post
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from tests.support.logbook import Log, open_log

AT_TIME = queries()["who-was-there-at-time"]
COULD_HAVE_SEEN = queries()["who-could-have-seen"]
SEEN_AT = "2126-11-22T17:00:00.000000Z"
MOMENTS = [
    SEEN_AT,
    "2126-11-22T17:00:00.000001Z",
    "2126-11-22T17:00:30.000000Z",
    "2126-11-22T17:00:30.000001Z",
]
NODE: Mapping[str, tuple[str, list[bool]]] = {
    "alive": ("seen_at = '2126-11-22T17:00:40.000000Z'", [False, False, False, False]),
    "silent but not ended": (f"seen_at = '{SEEN_AT}'", [False, False, False, True]),
    "silent, with a lease of a minute": (
        f"seen_at = '{SEEN_AT}', lease_seconds = 60",
        [False, False, False, False],
    ),
    "silent, with a lease of half a microsecond": (
        f"seen_at = '{SEEN_AT}', lease_seconds = 0.0000005",
        [False, False, True, True],
    ),
    "ended": (
        f"seen_at = '{SEEN_AT}', ended_at = '2126-11-22T18:00:00.000000Z'",
        [False, True, True, True],
    ),
}

Ask = Callable[[Connection, int, str], Awaitable[bool]]


async def by_presence(connection: Connection, seq: int, at: str) -> bool:
    (ada,) = await present_at(connection, 1, seq, moment=at)
    return ada.uncertain


async def by_witnesses(connection: Connection, seq: int, at: str) -> bool:
    room = await find_room(connection, "general")
    found, _ = await witnesses_of(connection, room, seq, at, limit=10)
    (ada,) = [one for one in found if one.username == "ada"]
    return {"open": False, "uncertain": True}[ada.certainty]


async def by_question(connection: Connection, seq: int, at: str) -> bool:
    (ada,) = await run_query(connection, AT_TIME, {"room": "general", "at": at})
    return {"certain": False, "uncertain": True}[ada["certainty"]]


async def by_view(connection: Connection, seq: int, at: str) -> bool:
    (ada,) = await run_query(connection, COULD_HAVE_SEEN, {"room": "general", "seq": seq})
    return {"open": False, "uncertain": True}[ada["certainty"]]


ANSWERS: tuple[Ask, ...] = (by_presence, by_witnesses, by_question, by_view)


async def answers(log: Log, ask: Ask) -> list[bool]:
    found = []
    for seq, at in enumerate(MOMENTS, 2):
        async with log.database.read() as connection:
            found.append(await ask(connection, seq, at))
    return found


async def begin(log: Log) -> None:
    """Let ada join, and be there while something is said at each moment."""
    await log.record(Join("general", "s", "ada", backlog=0, at="2126-11-22T16:00:00.000000Z"))
    for at in MOMENTS:
        await log.record(Post("general", "s", "hello", at=at))


@pytest.mark.parametrize("ask", ANSWERS)
@pytest.mark.parametrize("node", NODE)
async def test_every_answer_follows_the_rule_while_a_session_is_open(
    database_url: str, node: str, ask: Ask
) -> None:
    values, uncertain = NODE[node]
    async with open_log(database_url) as log:
        await begin(log)
        await log.change(f"UPDATE nodes SET {values}")
        assert await answers(log, ask) == uncertain


@pytest.mark.parametrize("ask", ANSWERS)
@pytest.mark.parametrize(
    "end",
    [{"cause": "lapsed", "last_seen_at": SEEN_AT}, {"cause": "left"}],
    ids=["lapsed", "left"],
)
async def test_every_answer_follows_the_rule_once_a_session_has_ended(
    database_url: str, end: Any, ask: Ask
) -> None:
    async with open_log(database_url) as log:
        await begin(log)
        await log.record(Leave("general", "s", at="2126-11-22T17:01:00.000000Z", **end))
        is_lapsed = end["cause"] == "lapsed"
        assert await answers(log, ask) == [False, is_lapsed, is_lapsed, is_lapsed]
