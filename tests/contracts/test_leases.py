"""Who lives is judged by each node's own lease, whoever judges; commands are nodes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases import living
from chatlog.databases.database import Database
from chatlog.databases.living import LEASE_SECONDS
from chatlog.databases.opening import open_for_writing
from chatlog.databases.postgres.statements import NOW
from chatlog.databases.revisions import newest_revision
from chatlog.domain.errors import LogError
from chatlog.domain.times import minus
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join, Joined
from chatlog.kinds.leave import Left
from chatlog.nodes import clock, leases
from chatlog.nodes.watch import Watch
from chatlog.operations import delegation as beside
from tests.support.command import chatlog
from tests.support.logbook import Log, open_log

from .earlier import make_earlier
from .test_migrations import revision

LEASE = 60.0
SEEN_AT = sa.text("UPDATE nodes SET seen_at = :at")
COMMANDS = "SELECT node FROM nodes WHERE name LIKE 'command-%'"
HEARD = "UPDATE nodes SET seen_at = :at WHERE node = :node"


async def heard(log: Log, node: str, seconds: float) -> None:
    """Have a node been heard of so long ago."""
    async with log.database.read() as connection:
        at = await clock.now(log.database, connection, minus_seconds=seconds)
    await log.change(HEARD, at=at, node=node)


async def ended(log: Log) -> list[str]:
    rows = await log.table("SELECT node FROM nodes WHERE ended_at IS NOT NULL")
    return [row["node"] for row in rows]


async def check_all_stopped(log: Log) -> None:
    async with log.database.read() as connection:
        living.check_all_stopped(await log.database.backend.open_nodes(connection))


@pytest.mark.parametrize("set_by_seconds", [-7_200, 0, 7_200])
async def test_a_node_is_dead_once_it_was_silent_for_its_own_lease_whatever_the_clock_says(
    postgres_url: str, set_by_seconds: float
) -> None:
    async with open_log(postgres_url) as log:
        slow = await leases.begin(log.database, "slow", alone=False, lease_seconds=LEASE)
        watch = Watch()

        async def look(at: float) -> None:
            await leases.renew(log.database, log.writer.node)
            found = await leases.open_nodes(log.database)
            await leases.end_silent(log.database, watch.silent(found, at))

        await look(1_000)
        for node in (slow, log.writer.node):
            await heard(log, node.name, -set_by_seconds)
        for elapsed in (0.2, 0.7, 1.1, 1.19):  # since the clock was set, the last renewal of `slow`
            await look(1_000 + elapsed * LEASE)
            assert await ended(log) == []
        await look(1_000 + 1.3 * LEASE)
        assert await ended(log) == [slow.name]


async def test_a_watcher_that_slept_takes_nobody_for_dead_before_it_has_watched_anew(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log:
        slow = await leases.begin(log.database, "slow", alone=False, lease_seconds=LEASE)
        watch, found = Watch(), await leases.open_nodes(log.database)
        for at in (0, 0.5, 2, 2.5, 2.9):
            assert watch.silent(found, 1_000 + at * LEASE) == []
        silent = watch.silent(found, 1_000 + 3.1 * LEASE)
        assert slow.name in [node.node for node in silent]
        await leases.renew(log.database, slow)  # just before it is ended
        await leases.end_silent(log.database, silent)
        assert slow.name not in await ended(log)


async def test_an_erasure_ends_no_node_that_only_a_clock_set_forward_makes_look_dead(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log:
        session = await log.join("general", "ada")
        node = log.writer.node
        await heard(log, node.name, 7_200)
        erasing = asyncio.create_task(
            chatlog("erase-user", "ada", "--reason", "asked for", database=postgres_url)
        )
        while not erasing.done():
            await leases.renew(log.database, node)
            await asyncio.wait([erasing], timeout=0.5)
        assert (await erasing).status == 0
        assert await ended(log) == [(await log.table(COMMANDS))[0]["node"]]
        [left] = [r.event for r in await log.events() if isinstance(r.event, Left)]
        assert (left.session, left.cause) == (session, "kicked")


async def test_what_needs_the_servers_stopped_goes_by_their_own_leases(postgres_url: str) -> None:
    async with open_log(postgres_url) as log:
        await leases.end(log.database, log.writer.node)
        node = await leases.begin(log.database, "slow", alone=False, lease_seconds=LEASE)
        await heard(log, node.name, LEASE / 2)
        with pytest.raises(LogError, match=node.name):
            await check_all_stopped(log)
        await heard(log, node.name, LEASE + 2)
        await check_all_stopped(log)


async def test_two_commands_at_once_do_not_end_each_other(postgres_url: str) -> None:
    async with open_log(postgres_url) as log:
        first, second = Database(postgres_url), Database(postgres_url)
        async with beside._committing(first) as one, beside._committing(second) as other:
            told = await asyncio.gather(
                one.append(Join("general", "s1", "ada", backlog=0)),
                other.append(Join("general", "s2", "bob", backlog=0)),
            )
        assert all(isinstance(outcome, Recorded) for outcome in told), told
        names = {event.event.node.partition(".")[0] for event in await log.events()}
        assert len(names) == 2
        await first.dispose()
        await second.dispose()


async def test_who_was_there_when_a_server_died_has_lapsed_even_if_erased_before_it_is_reaped(
    database_url: str,
) -> None:
    async with open_log(database_url) as log:
        await log.join("general", "ada")
        await heard(log, log.writer.node.name, 60)
        [row] = await log.table("SELECT seen_at FROM nodes")
    done = await chatlog("erase-user", "ada", "--reason", "asked for", database=database_url)
    assert done.status == 0, done
    async with open_log(database_url) as log:
        events = [recorded.event for recorded in await log.events()]
        [joined_at] = [r.at for r in await log.events() if isinstance(r.event, Joined)]
        [left] = [event for event in events if isinstance(event, Left)]
    assert (left.cause, left.last_seen_at) == ("lapsed", max(joined_at, row["seen_at"]))


async def test_people_of_an_import_under_way_lapse_where_its_story_is_when_they_are_erased(
    postgres_url: str,
) -> None:
    story_at = "2006-12-10T00:00:00.000000Z"
    async with open_log(postgres_url) as log:
        node = await leases.begin(log.database, "import-1", alone=False, story_at=story_at)
        log.writer.node = node
        for session, at in (("s1", story_at), ("s2", "2006-12-10T00:05:00.000000Z")):
            await log.record(Join("#old", session, session, backlog=0, at=at))
        done = await chatlog("erase-user", "s1", "--reason", "asked for", database=postgres_url)
        assert done.status == 0, done
        [left] = [r.event for r in await log.events() if isinstance(r.event, Left)]
        assert (left.cause, left.last_seen_at) == ("lapsed", "2006-12-10T00:05:00.000000Z")
        assert await ended(log) != [node.name], "it goes on"
        assert (await chatlog("verify", database=postgres_url)).status == 0


async def test_a_migration_is_refused_while_a_server_of_an_earlier_revision_lives(
    empty_postgres_url: str,
) -> None:
    async with earlier(empty_postgres_url) as connection:
        await connection.execute(SEEN_AT, {"at": "2126-11-22T17:00:00.000000Z"})
    for command in (("serve", "--port", "0"), ("migrate",), ("redact", "general", "2")):
        reason = ("--reason", "a leak") if command[0] == "redact" else ()
        refused = await chatlog(*command, *reason, database=empty_postgres_url)
        assert (refused.status, refused.out) == (2, ""), refused
        assert "n.1 is running" in refused.err
        assert refused.err.count("\n") == 1
    assert await revision(empty_postgres_url) == "0004"


async def test_a_migration_ends_servers_of_an_earlier_revision_that_have_been_silent(
    empty_postgres_url: str,
) -> None:
    async with earlier(empty_postgres_url) as connection:
        at = (await connection.execute(sa.text(f"SELECT {NOW}"))).scalar_one()
        await connection.execute(SEEN_AT, {"at": minus(at, LEASE_SECONDS + 1)})
    async with open_for_writing(empty_postgres_url):
        assert await revision(empty_postgres_url) == newest_revision()
    async with open_log(empty_postgres_url) as log:
        assert await ended(log) == ["n.1"]


@asynccontextmanager
async def earlier(url: str) -> AsyncIterator[AsyncConnection]:
    """Make a log of revision 0004 and lend a connection to change it."""
    database = Database(url)
    try:
        await make_earlier(database, "0004")
        async with database.write() as connection, connection.begin():
            yield connection
    finally:
        await database.dispose()


async def test_a_log_of_the_newest_revision_is_opened_beside_a_living_server(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log, open_for_writing(postgres_url):
        await log.join("general", "ada")
