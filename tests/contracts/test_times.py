"""Time is the database's, under the lock, and never goes back within a room."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from chatlog.domain.errors import Refused
from chatlog.kinds.chat import Post
from tests.support.logbook import Log, join, open_log

FUTURE = "2099-01-01T00:00:00.000000Z"


async def set_clock(log: Log, at: str) -> None:
    """Have the log's clock say this or later.

    The lock returns the later of the clock and the node's last sign of life, so moving that
    is what a clock that was ahead, and then was put right, leaves behind.
    """
    await log.change("UPDATE nodes SET seen_at = :at", at=at)


async def test_a_clock_that_steps_back_does_not_take_the_room_with_it(
    log: Log, database_url: str
) -> None:
    session = await log.join("general", "ada")
    await set_clock(log, FUTURE)
    [ahead] = await log.record(Post("general", session, "from the future"))
    assert ahead.at == FUTURE
    await set_clock(log, "2000-01-01T00:00:00.000000Z")
    [after] = await log.record(Post("general", session, "after the clock was put right"))
    assert after.at == FUTURE
    # A node that reads the room from the log keeps to it as well.
    async with open_log(database_url, node="b") as other:
        await set_clock(other, "2000-01-01T00:00:00.000000Z")
        [later] = await other.record(join("general", "bob"))
        assert later.at == FUTURE
        [elsewhere] = await other.record(join("random", "bob"))
        assert elsewhere.at < FUTURE  # it is the room's time, not the log's


async def test_times_are_utc_of_now_in_27_characters(log: Log) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    await log.join("general", "ada")
    [event] = await log.events()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event.at)
    assert before < datetime.fromisoformat(event.at) < before + timedelta(minutes=1)


async def test_an_event_that_brings_its_own_time_must_not_be_older_than_the_room(
    log: Log,
) -> None:
    opened = join("general", "ada")
    await log.record(opened)
    [refused] = await log.append(
        Post("general", opened.session, "old", at="2001-01-01T00:00:00.000000Z")
    )
    assert isinstance(refused, Refused)
    assert len(await log.events()) == 1
