"""The sessions table equals the fold of joins and leaves, at every moment."""

from __future__ import annotations

import random
from typing import Any

from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Leave, Left
from tests.support.logbook import Log, join, leave, open_log

TABLE = """
    SELECT session, room, users.uuid, node, joined_seq, joined_at, replay_from, left_seq, left_at,
           cause, last_seen_at
    FROM sessions JOIN rooms ON rooms.id = sessions.room_id JOIN users ON users.id = user_id
    JOIN nodes ON nodes.id = node_id
"""


def fold(events: list[Recorded]) -> dict[str, dict[str, Any]]:
    """Fold events to rows of the table, independently of chatlog's own fold."""
    rows: dict[str, dict[str, Any]] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, Joined):
            rows[event.session] = {
                "session": event.session,
                "room": recorded.room,
                "uuid": event.user.id,
                "node": event.node,
                "joined_seq": recorded.seq,
                "joined_at": recorded.at,
                "replay_from": event.replay_from,
            } | dict.fromkeys(("left_seq", "left_at", "cause", "last_seen_at"))
        elif isinstance(event, Left):
            end = {"left_seq": recorded.seq, "left_at": recorded.at}
            rows[event.session] |= end
            rows[event.session] |= {"cause": event.cause, "last_seen_at": event.last_seen_at}
    return rows


def assert_counts_are_the_fold(events: list[Recorded]) -> None:
    """Each join and leave says how many sessions its user has open after it."""
    open_: set[tuple[str, str, str]] = set()
    for recorded in events:
        event = recorded.event
        if isinstance(event, Joined | Left):
            key = (recorded.room, event.user.id, event.session)
            (open_.add if isinstance(event, Joined) else open_.discard)(key)
            assert event.sessions == sum(k[:2] == key[:2] for k in open_), recorded


def something(chance: random.Random, open_: list[tuple[str, str]]) -> Command:
    """Think of a command; ``open_`` are rooms and sessions, some of them closed already."""
    room, session = chance.choice(open_) if open_ else ("general", "nobody")
    match chance.randrange(4):
        case 0 | 1:
            command = join(chance.choice(("general", "random")), f"user {chance.randrange(3)}")
            open_.append((command.room, command.session))
            return command
        case 2:
            return leave(room, session)
        case _:
            return Post(room, session, "hello")


async def test_the_table_is_the_fold_after_any_batches_of_several_nodes(
    database_url: str,
) -> None:
    chance, open_ = random.Random(7), list[tuple[str, str]]()
    async with open_log(database_url) as first, open_log(database_url, node="b") as second:
        for _ in range(25):
            log = chance.choice((first, second))
            await log.append(*(something(chance, open_) for _ in range(chance.randrange(1, 8))))
            events = await first.events()
            table = {row["session"]: row for row in await first.table(TABLE)}
            assert table == fold(events)
        assert_counts_are_the_fold(events)
        assert any(row["left_seq"] for row in table.values())


async def test_a_session_opened_and_closed_in_one_batch_is_closed(log: Log) -> None:
    opened = join("general", "ada")
    events = await log.record(opened, leave("general", opened.session))
    assert await log.table(TABLE) == [fold(events)[opened.session]]


async def test_a_lapsed_session_says_when_it_was_last_seen(log: Log) -> None:
    session = await log.join("general", "ada")
    seen = "2026-01-01T00:00:00.000000Z"
    [left] = await log.record(Leave("general", session, "lapsed", last_seen_at=seen))
    assert (await log.table(TABLE))[0]["last_seen_at"] == seen
    assert isinstance(left.event, Left)
    assert (await log.events())[-1] == left
