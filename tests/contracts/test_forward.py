"""Reading forward from a known place: only what is wanted, and only of the log that was read."""

from __future__ import annotations

import pytest

from chatlog.databases.backend import Place
from chatlog.databases.places import START, end_place
from chatlog.eventlog.forward import Page, Wants, page_after
from tests.support.logbook import Log, chats


def everything(_position: int, _room: str, _type: str) -> bool:
    return True


async def page(
    log: Log,
    after: Place,
    limit: int = 100,
    wants: Wants = everything,
    *,
    at_once: bool = False,
) -> Page | None:
    async with log.database.read() as connection:
        return await page_after(connection, after, limit=limit, wants=wants, at_once=at_once)


async def talk(log: Log) -> None:
    """Two rooms take turns: joins at 1 and 2, then six chats."""
    sessions = {room: await log.join(room, "ada") for room in ("one", "two")}
    for number in range(6):
        room = "one" if number % 2 else "two"
        await log.record(*chats(room, sessions[room], [str(number)]))


@pytest.mark.parametrize("at_once", [True, False])
async def test_pages_follow_each_other_without_gap_or_repeat(log: Log, at_once: bool) -> None:
    await talk(log)
    for limit in (1, 3, 8, 9):
        place, found, is_full = START, [], True
        while is_full:
            got = await page(log, place, limit, at_once=at_once)
            assert got is not None
            found += got.events
            place, is_full = got.end, got.is_full
        assert found == await log.events()
    assert place == Place(8, found[-1].hash)
    async with log.database.read() as connection:
        assert await end_place(connection) == place


@pytest.mark.parametrize("at_once", [True, False])
async def test_only_wanted_events_are_returned_and_the_page_ends_after_the_others(
    log: Log, at_once: bool
) -> None:
    await talk(log)
    got = await page(
        log,
        START,
        wants=lambda _position, room, type: (room, type) == ("one", "chat"),
        at_once=at_once,
    )
    assert got is not None
    assert [(e.room, e.event.type) for e in got.events] == [("one", "chat")] * 3
    assert got.end.position == 8
    got = await page(
        log, START, 5, wants=lambda position, _room, _type: position > 5, at_once=at_once
    )
    assert got is not None
    assert (got.events, got.end.position, got.is_full) == ([], 5, True)


async def test_an_empty_log_and_the_end_of_one_have_nothing_more(log: Log) -> None:
    assert await page(log, START) == Page([], START, is_full=False)
    await talk(log)
    async with log.database.read() as connection:
        end = await end_place(connection)
    assert await page(log, end) == Page([], end, is_full=False)


async def test_a_place_that_the_log_does_not_have_is_told(log: Log) -> None:
    await talk(log)
    for at_once in (True, False):
        for position in (4, 8, 9):
            assert await page(log, Place(position, b"x" * 32), at_once=at_once) is None
