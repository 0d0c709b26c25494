"""A commit on PostgreSQL takes few round trips, and none of them less than the lock promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from chatlog.databases.postgres.committing import Committing
from chatlog.databases.postgres.limits import WRITER_LIMITS
from chatlog.domain.errors import Unavailable
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from tests.support.logbook import Log, chats, join, leave, open_log
from tests.support.pgbouncer import running_pgbouncer
from tests.support.round_trips import RoundTrips, round_trips_to

ROOMS = [f"room-{n}" for n in range(20)]


class Trips:
    """A log behind what counts round trips, and a session in each room."""

    def __init__(self, log: Log, trips: RoundTrips) -> None:
        self.log = log
        self._trips = trips
        self.sessions: dict[str, str] = {}

    async def enter(self) -> None:
        """Join every room, and have every statement of a commit prepared."""
        for room in ROOMS:
            self.sessions[room] = await self.log.join(room, "ada")
        await self.log.record(*self.everywhere())
        await self.log.record(self.everywhere()[0])
        await self.log.record(leave(ROOMS[0], self.sessions[ROOMS[0]]))
        self.sessions[ROOMS[0]] = await self.log.join(ROOMS[0], "ada")

    def everywhere(self) -> list[Command]:
        return [post for room in ROOMS for post in chats(room, self.sessions[room], ["hello"])]

    async def of(self, *commands: Command) -> int:
        """Append; return the number of round trips of that."""
        before = self._trips.count
        await self.log.record(*commands)
        return self._trips.count - before


@pytest.fixture
async def trips(postgres_url: str) -> AsyncIterator[Trips]:
    async with round_trips_to(postgres_url) as counted, open_log(counted.url) as log:
        opened = Trips(log, counted)
        await opened.enter()
        yield opened


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    with running_pgbouncer(postgres_url, "transaction") as url:
        yield url


async def test_chats_take_four_however_many(trips: Trips) -> None:
    """BEGIN with the lock, the lease with the log's end, the rows, COMMIT."""
    first, *_ = everywhere = trips.everywhere()
    assert [await trips.of(first), await trips.of(*everywhere)] == [4, 4]


async def test_a_join_and_a_leave_take_one_more_for_the_session(trips: Trips) -> None:
    again = join(ROOMS[0], "ada")
    assert [await trips.of(again), await trips.of(leave(ROOMS[0], again.session))] == [5, 5]


async def test_what_another_node_appended_takes_one_more_once(
    trips: Trips, postgres_url: str
) -> None:
    chat = trips.everywhere()[0]
    async with open_log(postgres_url, node="other") as other:
        session = await other.join(ROOMS[0], "bob")
        await trips.of(chat)
        await other.record(Post(ROOMS[0], session, "from elsewhere"))
        assert [await trips.of(chat), await trips.of(chat)] == [5, 4]


async def test_a_pooler_takes_two_more_as_nothing_stays_prepared(pooled_url: str) -> None:
    async with round_trips_to(pooled_url) as counted, open_log(counted.url) as log:
        trips = Trips(log, counted)
        await trips.enter()
        first, *_ = everywhere = trips.everywhere()
        assert [await trips.of(first), await trips.of(*everywhere)] == [6, 6]


async def test_a_lock_that_is_not_had_in_time_leaves_no_transaction_open(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WRITER_LIMITS, "lock_timeout", "100ms")
    admin = await asyncpg.connect(postgres_url)
    async with open_log(postgres_url) as log:
        session = await log.join("general", "ada")
        async with admin.transaction():
            await admin.execute("LOCK TABLE chatlog.meta IN EXCLUSIVE MODE")
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await log.append(Post("general", session, "never"))
        [event] = await log.record(Post("general", session, "next"))
        assert event.seq == 2
    await admin.close()


async def test_nothing_is_written_where_the_lock_was_not_sent(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_log(postgres_url) as log:
        session = await log.join("general", "ada")
        with monkeypatch.context() as patch:
            patch.setattr(Committing, "execute", asyncpg.Connection.execute)
            with pytest.raises(Unavailable):
                await log.append(Post("general", session, "never"))
        [event] = await log.record(Post("general", session, "next"))
        assert event.seq == 2
