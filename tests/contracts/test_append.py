"""Appending: what has been acknowledged is durable, in one order, without gaps."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from chatlog.databases.database import Database
from chatlog.domain.errors import Refused
from chatlog.eventlog.forward import events_between
from chatlog.kinds.chat import Post, Posted
from chatlog.kinds.command import FirstPost
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from tests.support.logbook import Log, chats, join, leave, open_log


async def test_what_was_appended_is_read_back_by_another_who_opens_the_log(
    database_url: str,
) -> None:
    async with open_log(database_url) as log:
        session = await log.join("general", "ada")
        written = await log.record(*chats("general", session, ["one", "two", "three"]))
        # The writer's connections are still open and its process is alive: nothing but the
        # commit itself can have made these durable for others.
        other = Database(database_url, readers=1)
        try:
            async with other.read() as connection:
                found = await events_between(connection, 2, 11)
        finally:
            await other.dispose()
    assert found == written


async def test_an_event_says_what_was_asked_and_where_it_stands(log: Log) -> None:
    opened = join("general", "ada", backlog=50)
    joined, posted, left = await log.record(
        opened,
        Post("general", opened.session, "hello", "c-1"),
        leave("general", opened.session),
    )
    assert isinstance(joined.event, Joined)
    assert isinstance(posted.event, Posted)
    assert isinstance(left.event, Left)
    assert (joined.event.sessions, joined.event.replay_from) == (1, 1)
    assert (posted.event.message, posted.event.id) == ("hello", "c-1")
    assert (left.event.sessions, left.event.cause) == (0, "left")
    places = [(e.position, e.room, e.seq) for e in (joined, posted, left)]
    assert places == [(n, "general", n) for n in (1, 2, 3)]
    assert await log.events() == [joined, posted, left]


async def test_the_last_event_is_there_for_a_reader_before_append_returns(log: Log) -> None:
    session = await log.join("general", "ada")
    for n in range(20):
        [event] = await log.record(Post("general", session, f"{n}"))
        assert (await log.events())[-1] == event


async def test_positions_and_seqs_are_without_gap_when_several_nodes_append_at_once(
    database_url: str,
) -> None:
    async with open_log(database_url) as first, open_log(database_url, node="b") as second:
        acknowledged: list[Recorded] = []

        async def write(log: Log, name: str) -> None:
            rooms = ["general", "random", name]
            open_ = {room: await log.join(room, name) for room in rooms}
            for n in range(15):
                posts = [Post(room, open_[room], f"{name} {n}") for room in rooms]
                acknowledged.extend(await log.record(*posts))

        await asyncio.gather(write(first, "ada"), write(second, "bob"))
        events = await first.events()
        assert [event.position for event in events] == list(range(1, len(events) + 1))
        seqs = defaultdict(list)
        for event in events:
            seqs[event.room].append(event.seq)
        assert all(found == list(range(1, len(found) + 1)) for found in seqs.values())
        assert all(events[event.position - 1] == event for event in acknowledged)
        assert len(events) == len(acknowledged) + 6


async def test_a_batch_may_have_outcomes_of_every_kind(log: Log) -> None:
    here, there = await log.join("general", "ada"), join("new room", "bob")
    [first] = await log.record(Post("general", here, "once", "c-1"))
    outcomes = await log.append(
        Post("general", here, "once", "c-1"),
        Post("general", here, "other", "c-1"),
        Post("general", "nobody's session", "lost"),
        there,
        Post("new room", there.session, "hello"),
        join("new room", "bob", session=there.session),
        leave("new room", there.session),
        Post("new room", there.session, "after leaving"),
        leave("nowhere", "no session"),
        Post("general", here, "last"),
    )
    told = [o.code if isinstance(o, Refused) else type(o).__name__ for o in outcomes]
    assert told == [
        "FirstPost",
        "id_conflict",
        "not_joined",
        "Recorded",
        "Recorded",
        "already_joined",
        "Recorded",
        "not_joined",
        "not_joined",
        "Recorded",
    ]
    assert outcomes[0] == FirstPost(first.seq, first.hash, "chat", "once", "general")
    recorded = [outcome for outcome in outcomes if isinstance(outcome, Recorded)]
    assert await log.events() == [*(await log.events())[:2], *recorded]


async def test_a_batch_of_nothing_but_refusals_writes_nothing(log: Log) -> None:
    await log.append(Post("nowhere", "nobody", "lost"), leave("nowhere", "nobody"))
    assert await log.events() == []
    assert await log.table("SELECT * FROM rooms") == []


async def test_a_room_is_known_to_a_writer_who_sees_it_for_the_first_time(
    database_url: str,
) -> None:
    async with open_log(database_url) as first:
        here = await first.join("general", "ada")
        await first.record(*chats("general", here, ["one", "two"]))
        async with open_log(database_url, node="b") as second:
            # A room read on first use, and one that was folded on since.
            assert [e.seq for e in await second.record(Post("general", here, "three"))] == [4]
            assert [e.seq for e in await first.record(Post("general", here, "four"))] == [5]
            assert [e.seq for e in await second.record(Post("general", here, "five"))] == [6]


async def test_a_replay_begins_at_the_chat_asked_for_in_a_remembered_and_in_a_loaded_room(
    log: Log, database_url: str
) -> None:
    here = await log.join("general", "ada")
    for n in range(3):
        await log.record(Post("general", here, f"{n}"), join("general", "passer-by"))
    async with open_log(database_url, node="b") as newcomer:
        for number, writer in enumerate((log, newcomer)):
            for backlog, first in {1: 6, 2: 4, 3: 2, 4: 1, 50: 1, 500: 1}.items():
                asked = join("general", f"{backlog} on {number}", backlog=backlog)
                [event] = await writer.record(asked)
                assert isinstance(event.event, Joined)
                assert event.event.replay_from == first
            [event] = await writer.record(join("general", f"none on {number}", backlog=0))
            assert isinstance(event.event, Joined)
            assert event.event.replay_from == event.seq
