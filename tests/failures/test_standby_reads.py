"""History from a standby: it never goes back, whatever the standby has or lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from chatlog.databases.database import Database
from chatlog.databases.postgres.standby import reads
from chatlog.databases.postgres.standby.reads import Standby
from chatlog.domain.errors import LogError
from chatlog.eventlog.read import end
from chatlog.runtime import Runtime
from tests.support.frames import Frame
from tests.support.inside import InsideClient
from tests.support.logbook import chats, open_log
from tests.support.postgres import fresh_database
from tests.support.record import Record
from tests.support.server import until
from tests.support.standby import STANDBY, Pair, primary_and_standby

from .conftest import NodeOf

SYNCHRONOUS = "synchronous_standby_names"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with primary_and_standby() as started:
        yield started


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "_LAG_SECONDS", 0.0)
    monkeypatch.setattr(reads, "_AWAY_SECONDS", 0.0)


class Reader:
    """Somebody in a room of a node that reads history from a standby."""

    def __init__(self, node: Runtime, room: str) -> None:
        self.node, self.room = node, room
        self.ada = InsideClient(node, Record(), "ada")

    async def say(self, text: str) -> Frame:
        answer = await self.ada.chat(self.room, text)
        assert answer.type == "ack", answer.raw
        return answer

    async def newest(self) -> tuple[Frame, str]:
        """Return the room's newest event according to history, and where that was read."""
        before = dict(self.node.past.reads)
        page = await self.ada.ask("history", room=self.room, limit=1)
        assert page.type == "history", page.raw
        [place] = [
            place for place, count in self.node.past.reads.items() if count > before.get(place, 0)
        ]
        return page.events[-1], place

    async def is_read_from(self, wanted: str, seq: int) -> bool:
        event, place = await self.newest()
        assert event.seq >= seq
        return place == wanted


async def reader(node_of: NodeOf, pair: Pair, room: str) -> Reader:
    node = await node_of(pair.url, read_database=pair.standby_url)
    found = Reader(node, room)
    await found.ada.join(room)
    return found


async def test_a_primary_that_is_given_as_the_standby_is_named(
    node_of: NodeOf, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    node = await node_of(postgres_url, read_database=postgres_url)
    ada = Reader(node, "general")
    await ada.ada.join("general")
    said = await ada.say("hello")
    assert await ada.is_read_from("primary", said.seq)
    assert "the server at --read-database is not a standby" in caplog.text


async def test_every_page_has_what_was_acknowledged_before_it(node_of: NodeOf, pair: Pair) -> None:
    ada = await reader(node_of, pair, "general")
    for number in range(30):
        said = await ada.say(f"text {number}")
        event, _ = await ada.newest()
        assert event.seq >= said.seq
    await until(lambda: ada.is_read_from("standby", said.seq), 20, "history from the standby")


async def test_a_standby_that_lags_is_passed_over_and_shows_nothing_that_was_erased(
    node_of: NodeOf, pair: Pair
) -> None:
    ada = await reader(node_of, pair, "erased")
    secret = await ada.say("secret")
    await until(lambda: ada.is_read_from("standby", secret.seq), 20, "history from the standby")
    await pair.standby.value("SELECT pg_wal_replay_pause()")
    try:
        await ada.node.operations.handlers()["redact"](
            room="erased", seqs=[secret.seq], by="eve", reason="asked to"
        )
        assert await ada.is_read_from("primary", secret.seq + 1)
        page = await ada.ada.ask("history", room="erased", limit=10)
        assert "secret" not in page.raw
    finally:
        await pair.standby.value("SELECT pg_wal_replay_resume()")
    await until(lambda: ada.is_read_from("standby", secret.seq + 1), 20, "the standby again")
    page = await ada.ada.ask("history", room="erased", limit=10)
    assert "secret" not in page.raw


async def test_what_only_the_standby_shows_yet_is_not_shown(node_of: NodeOf, pair: Pair) -> None:
    """A commit waits for two standbys of which there is one: that one has it already."""
    ada = await reader(node_of, pair, "ahead")
    before = await ada.say("before")
    await pair.primary.set(SYNCHRONOUS, f"2 ({STANDBY}, nobody)")
    try:
        answer = asyncio.create_task(ada.say("ahead"))

        async def is_there() -> bool:
            count = "SELECT count(*) FROM chatlog.events WHERE text = 'ahead'"
            return bool(await pair.standby.value(count) == 1)

        await until(is_there, 20, "the event on the standby")
        assert not answer.done()
        event, place = await ada.newest()
        assert (event.seq, place) == (before.seq, "primary")
    finally:
        await pair.primary.set(SYNCHRONOUS, "")
    assert (await answer).seq == before.seq + 1


async def test_a_standby_that_is_away_is_passed_over_and_said_once(
    node_of: NodeOf, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await reader(node_of, pair, "away")
    said = await ada.say("before")
    await until(lambda: ada.is_read_from("standby", said.seq), 20, "history from the standby")
    await asyncio.to_thread(pair.standby.stop)
    caplog.clear()
    try:
        for number in range(3):
            said = await ada.say(f"text {number}")
            assert await ada.is_read_from("primary", said.seq)
    finally:
        await asyncio.to_thread(pair.standby.start)
    assert caplog.text.count("History is read from the primary") == 1
    await until(lambda: ada.is_read_from("standby", said.seq), 20, "the standby again")


@pytest.mark.parametrize("further", [-1, 0, 1])
async def test_a_standby_of_another_primary_is_passed_over(
    postgres_server: object,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    further: int,
) -> None:
    async def replayed(*_: object) -> bool:
        return True

    monkeypatch.setattr(reads, "has_replayed", replayed)
    with fresh_database(postgres_server) as url, fresh_database(postgres_server) as other:  # type: ignore[arg-type]
        async with open_log(url) as log, open_log(other) as another:
            for one, count in ((log, 3), (another, 3 + further)):
                session = await one.join("general", "ada")
                await one.record(*chats("general", session, ["text"] * count))
            standby = Standby(log.database, other, readers=1)
            async with standby.read() as connection:
                assert await end(connection) == 4
            assert standby.reads == {"primary": 1}
            assert further or "follows another primary" in caplog.text
            await standby.dispose()


async def test_a_database_without_standbys_is_refused(sqlite_url: str, postgres_url: str) -> None:
    for primary, standby in ((sqlite_url, postgres_url), (postgres_url, sqlite_url)):
        database = Database(primary)
        with pytest.raises(LogError, match="SQLite has no standby"):
            Standby(database, standby, readers=1)
        await database.dispose()
