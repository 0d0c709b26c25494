"""Presence, sessions and witnesses are the fold of the log, whatever happened in the room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import Room, find_moment, find_room
from chatlog.audit.points import parse_end, parse_limit, parse_point
from chatlog.audit.presence import present_at
from chatlog.audit.sessions import find_range, sessions_within
from chatlog.audit.witnesses import witnesses_of
from chatlog.domain.errors import Refused
from chatlog.domain.times import LAST
from tests.audit.story import STORIES, RoomFold, Step, tell, time_of
from tests.support.logbook import Log, open_log

random_histories = settings(
    max_examples=25,
    deadline=None,
    # One log for all examples: each has a room of its own in it.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[Log]:
    async with open_log(database_url) as log:
        yield log


@random_histories
@given(steps=STORIES)
async def test_who_was_present_at_any_seq_is_the_fold_up_to_it(log: Log, steps: list[Step]) -> None:
    name, events = await tell(log, steps)
    assume(events)
    fold = RoomFold(events)
    async with log.database.read() as connection:
        room = await find_room(connection, name)
        for event in events:
            found = await present_at(connection, room.number, event.seq, moment=event.at)
            assert [
                (one.username, one.sessions, one.since_seq, one.since, one.uncertain)
                for one in found
            ] == fold.present(event.seq, event.at)


@random_histories
@given(steps=STORIES)
async def test_who_was_present_at_any_time_is_the_fold_up_to_it(
    log: Log, steps: list[Step]
) -> None:
    name, events = await tell(log, steps)
    assume(events)
    fold = RoomFold(events)
    last = int(events[-1].at[14:16]) * 60 + int(events[-1].at[17:19])
    async with log.database.read() as connection:
        room = await find_room(connection, name)
        for second in range(0, last + 10, 5):
            time = time_of(second)
            moment = await find_moment(connection, room, time)
            assert moment.seq == fold.seq_at(time)
            found = await present_at(connection, room.number, moment.seq, moment=moment.time)
            assert [
                (one.username, one.sessions, one.since_seq, one.since, one.uncertain)
                for one in found
            ] == fold.present(moment.seq, time)


@random_histories
@given(steps=STORIES)
async def test_each_user_is_a_witness_once_with_the_strongest_certainty(
    log: Log, steps: list[Step]
) -> None:
    name, events = await tell(log, steps)
    assume(events)
    fold = RoomFold(events)
    async with log.database.read() as connection:
        room = await find_room(connection, name)
        for event in events:
            found, cursor = await witnesses_of(connection, room, event.seq, event.at, limit=100)
            assert cursor is None
            assert len({one.username for one in found}) == len(found)
            certainties = {one.username: one.certainty for one in found}
            assert certainties == fold.witnesses(event.seq)


@random_histories
@given(steps=STORIES)
async def test_witnesses_page_by_page_are_those_of_one_page(log: Log, steps: list[Step]) -> None:
    name, events = await tell(log, steps)
    assume(events)
    event = events[len(events) // 2]
    async with log.database.read() as connection:
        room = await find_room(connection, name)
        whole, _ = await witnesses_of(connection, room, event.seq, event.at, limit=100)
        paged, cursor = await witnesses_of(connection, room, event.seq, event.at, limit=1)
        while cursor is not None:
            page, cursor = await witnesses_of(
                connection, room, event.seq, event.at, cursor=cursor, limit=1
            )
            paged += page
    assert paged == whole


@random_histories
@given(steps=STORIES)
async def test_sessions_are_those_that_overlap_the_range(log: Log, steps: list[Step]) -> None:
    name, events = await tell(log, steps)
    assume(events)
    sessions = RoomFold(events).sessions
    async with log.database.read() as connection:
        room = await find_room(connection, name)
        for first in range(1, len(events) + 1, 3):
            for last in range(first, len(events) + 1, 4):
                expected = [
                    session.session
                    for session in sessions
                    if session.joined.seq <= last
                    and (session.left is None or session.left.seq >= first)
                ]
                found = await _all_sessions(connection, room, first, last)
                assert found == expected


async def _all_sessions(
    connection: AsyncConnection, room: Room, first: int, last: int
) -> list[str]:
    within = await find_range(connection, room, first, last)
    found: list[str] = []
    after = 0
    while page := await sessions_within(connection, room, within, after=after, limit=3):
        found += [session.session for session in page]
        after = page[-1].joined_seq
    return found


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("41", 41),
        ("2026-11-22T17:00:00Z", "2026-11-22T17:00:00.000000Z"),
        ("2026-11-22T17:00:00.5+02:00", "2026-11-22T15:00:00.500000Z"),
        ("2026-11-22T17:00:00 02:00", "2026-11-22T15:00:00.000000Z"),
        ("2026-11-22", "2026-11-22T00:00:00.000000Z"),
        ("0020-11-22", "0020-11-22T00:00:00.000000Z"),
        ("2026-11-22 17:00", "2026-11-22T17:00:00.000000Z"),
        ("20261122", 20261122),
        ("2026", 2026),
    ],
)
def test_a_point_is_a_seq_or_a_time_in_utc(text: str, point: int | str) -> None:
    assert parse_point(text) == point


@pytest.mark.parametrize(
    ("text", "end", "limit"),
    [
        ("41", 41, 41),
        ("2026-11-22", "2026-11-22T23:59:59.999999Z", "2026-11-23T00:00:00.000000Z"),
        (" 2026-11-22 ", "2026-11-22T23:59:59.999999Z", "2026-11-23T00:00:00.000000Z"),
        ("2026-11-22T17:00", "2026-11-22T17:00:00.000000Z", "2026-11-22T17:00:00.000000Z"),
        ("9999-12-31", LAST, LAST),
    ],
)
def test_a_date_as_an_end_is_its_last_moment_and_as_a_limit_the_next_day(
    text: str, end: int | str, limit: int | str
) -> None:
    assert parse_end(text) == end
    assert parse_limit(text) == limit


def test_a_time_without_an_offset_is_one_of_the_zone() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert parse_point("2026-11-22T17:00", zone) == "2026-11-22T16:00:00.000000Z"
    assert parse_end("2026-11-22T17:00", zone) == "2026-11-22T16:00:00.000000Z"
    assert parse_end("2026-11-22T17:00Z", zone) == "2026-11-22T17:00:00.000000Z"
    assert parse_point("2026-10-25T02:30", zone) == "2026-10-25T00:30:00.000000Z"
    assert parse_end("2026-10-25T02:30", zone) == "2026-10-25T01:30:00.000000Z"
    assert parse_end("2026-10-25", zone) == "2026-10-25T22:59:59.999999Z"


@pytest.mark.parametrize(
    "text",
    [
        *("", "-1", "yesterday", "99999999999999999999", "٤١", "9" * 400),
        *("2026-11", "2026-W48", "2026-W48-7", "2026-02-30", "2026-11-22Z", "２０２６-11-22"),
    ],
)
def test_anything_else_is_no_point(text: str) -> None:
    for parse in (parse_point, parse_end, parse_limit):
        with pytest.raises(Refused):
            parse(text)
