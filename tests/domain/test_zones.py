"""A day of a time zone has every moment whose date it is, whatever its clock does."""

from __future__ import annotations

import itertools
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chatlog.domain.errors import LogError
from chatlog.domain.times import FIRST, LAST, text
from chatlog.domain.zones import day_begins, day_ends, earliest, latest, zone_named

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_day_in_utc_is_from_midnight_to_the_last_microsecond() -> None:
    day = date(2025, 11, 30)
    assert day_begins(day, UTC) == "2025-11-30T00:00:00.000000Z"
    assert day_ends(day, UTC) == "2025-11-30T23:59:59.999999Z"


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (date(2025, 10, 26), "2025-10-25T22:00", "2025-10-26T22:59"),  # 25 hours
        (date(2025, 3, 30), "2025-03-29T23:00", "2025-03-30T21:59"),  # 23 hours
    ],
)
def test_the_days_on_which_summer_time_begins_and_ends_have_23_and_25_hours(
    day: date, begins: str, ends: str
) -> None:
    assert day_begins(day, BERLIN) == f"{begins}:00.000000Z"
    assert day_ends(day, BERLIN) == f"{ends}:59.999999Z"


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Berlin", date(2025, 10, 26)),
        ("America/New_York", date(2025, 3, 9)),
        ("America/Sao_Paulo", date(2018, 11, 4)),  # has no midnight
        ("America/Sao_Paulo", date(2018, 2, 18)),  # 23:00 to 24:00 twice before it
        ("America/Havana", date(2024, 11, 3)),  # 00:00 to 01:00 twice
        ("America/St_Johns", date(2010, 11, 7)),  # midnight to 00:01, and back to 23:01
        ("Australia/Lord_Howe", date(2025, 4, 6)),  # half an hour
        ("Pacific/Apia", date(2011, 12, 30)),  # was left out
    ],
)
def test_every_moment_is_in_the_day_whose_date_a_clock_there_shows(
    zone: str, changes: date
) -> None:
    clock = ZoneInfo(zone)
    days = [changes + timedelta(days=n) for n in range(-2, 3)]
    ranges = {day: (day_begins(day, clock), day_ends(day, clock)) for day in days}
    at = datetime(changes.year, changes.month, changes.day, tzinfo=UTC) - timedelta(hours=24)
    for _ in range(48 * 60):
        at += timedelta(minutes=1)
        for edge in (at, at - timedelta(microseconds=1)):
            begins, ends = ranges[edge.astimezone(clock).date()]
            assert begins <= text(edge) <= ends
    if zone != "America/St_Johns":  # where midnight came twice, its minute is in both days
        assert all(ranges[a][1] < ranges[b][0] for a, b in itertools.pairwise(days))


def test_a_time_that_a_clock_shows_twice_begins_at_the_first_and_ends_at_the_second() -> None:
    twice = datetime.fromisoformat("2025-10-26T02:30")
    assert earliest(twice, BERLIN) == "2025-10-26T00:30:00.000000Z"
    assert latest(twice, BERLIN) == "2025-10-26T01:30:00.000000Z"


def test_the_first_and_the_last_day_of_all_end_where_time_does() -> None:
    assert day_begins(date.min, ZoneInfo("Asia/Tokyo")) == FIRST
    for zone in (UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")):
        assert day_ends(date.max, zone) == LAST


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Phobos", "Europe", "../passwd", "/etc/localtime", "a\0b", "x" * 5000, "\udcff"],
)
def test_what_is_no_zone_is_named_in_a_sentence(name: str) -> None:
    with pytest.raises(LogError, match="not a time zone"):
        zone_named(name)


def test_a_zone_is_found_where_the_system_has_none() -> None:
    zoneinfo.reset_tzpath(())
    try:
        ZoneInfo.clear_cache()
        assert day_begins(date(2025, 7, 1), zone_named("Europe/Berlin")) == (
            "2025-06-30T22:00:00.000000Z"
        )
    finally:
        zoneinfo.reset_tzpath()
        ZoneInfo.clear_cache()
