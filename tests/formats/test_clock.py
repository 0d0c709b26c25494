"""A clock follows a file's times by the size of their steps."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from chatlog.domain.errors import LogError
from chatlog.formats.clock import Clock
from chatlog.formats.lines import Header
from chatlog.formats.stamps import stamp_of

local = datetime.fromisoformat
DAY = date(2020, 1, 2)
BERLIN = ZoneInfo("Europe/Berlin")


def told(
    *times: str, day: date | None = DAY, zone: tzinfo = UTC, half_days: bool = False
) -> list[str]:
    clock = Clock(day, zone, half_days=half_days)
    return [at[:16] for at in _read(clock, times)]


def _read(clock: Clock, times: tuple[str, ...]) -> list[str]:
    found = []
    for text in times:
        stamp = stamp_of(text)
        assert stamp is not None
        clock.read(stamp)
        found.append(clock.at)
    return found


@pytest.mark.parametrize(
    ("times", "right"),
    [
        # A minute, an hour, two hours: the clock was put back, and time stands still.
        (
            ("23:58", "23:59", "23:58", "23:59", "00:00"),
            ("02T23:58", "02T23:59", "02T23:59", "02T23:59", "03T00:00"),
        ),
        (("10:00", "09:00", "10:01"), ("02T10:00", "02T10:00", "02T10:01")),
        (("10:00", "08:00", "10:00"), ("02T10:00", "02T10:00", "02T10:00")),
        # More is midnight.
        (("10:00", "07:59"), ("02T10:00", "03T07:59")),
        (("23:00", "22:00:30", "20:00"), ("02T23:00", "02T23:00", "03T20:00")),
        (("23:59", "00:00", "12:59", "01:00"), ("02T23:59", "03T00:00", "03T12:59", "04T01:00")),
        # Put back over midnight, where people were busy, and in a quiet room the next evening.
        (
            ("23:59", "00:00", "23:59", "00:00", "00:01"),
            ("02T23:59", "03T00:00", "03T00:00", "03T00:00", "03T00:01"),
        ),
        (("12:00", "00:05", "23:58"), ("02T12:00", "03T00:05", "03T23:58")),
        (("00:05", "23:58"), ("02T00:05", "02T23:58")),
    ],
)
def test_the_size_of_a_step_back_says_what_it_was(
    times: tuple[str, ...], right: tuple[str, ...]
) -> None:
    assert [at[8:] for at in told(*times)] == list(right)


def test_on_a_clock_of_twelve_hours_a_large_step_back_is_noon_or_midnight() -> None:
    times = ("09:14", "11:59", "12:00", "12:59", "01:00", "11:59", "12:01", "12:00", "00:30")
    assert told(*times, half_days=True) == [
        "2020-01-02T09:14", "2020-01-02T11:59", "2020-01-02T12:00", "2020-01-02T12:59",
        "2020-01-02T13:00", "2020-01-02T23:59", "2020-01-03T00:01", "2020-01-03T00:01",
        "2020-01-03T00:30",
    ]  # fmt: skip


def test_a_step_of_about_half_a_day_is_told() -> None:
    for times, half in (
        (("11:55", "00:05"), True),
        (("12:30", "01:00"), True),
        (("09:00", "05:00"), False),
    ):
        clock = Clock(DAY)
        _read(clock, times)
        assert (clock.has_half_day_step, clock.widest_hour <= 12) == (half, True)


@pytest.mark.parametrize(
    ("times", "right"),
    [
        (("01:30", "03:30"), ("00:30", "01:30")),  # summer time begins: 02:30 is no time
        (("01:30", "02:30", "03:00"), ("00:30", "01:30", "01:30")),
    ],
)
def test_the_skipped_hour_goes_by(times: tuple[str, ...], right: tuple[str, ...]) -> None:
    assert [at[11:] for at in told(*times, day=date(2020, 3, 29), zone=BERLIN)] == list(right)


def test_the_repeated_hour_comes_twice() -> None:
    times = ("02:00", "02:59", "02:00", "02:30", "02:59", "03:00")
    found = told(*times, day=date(2020, 10, 25), zone=BERLIN)
    assert [at[11:] for at in found] == ["00:00", "00:59", "01:00", "01:30", "01:59", "02:00"]
    utc = told(*times, day=date(2020, 10, 25))
    assert [at[11:] for at in utc] == ["02:00", "02:59", "02:59", "02:59", "02:59", "03:00"]


def test_an_hour_repeated_before_midnight_is_of_the_same_day() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    found = told("23:59", "23:00", "23:59", "00:00", day=date(2018, 2, 17), zone=zone)
    assert found == [
        "2018-02-18T01:59", "2018-02-18T02:00", "2018-02-18T02:59", "2018-02-18T03:00",
    ]  # fmt: skip


def test_dates_offsets_and_halves_of_the_day_are_taken_as_they_are() -> None:
    assert told("2020-01-05 10:00:00", "2020-01-09 09:00", day=None) == [
        "2020-01-05T10:00", "2020-01-09T09:00",
    ]  # fmt: skip
    assert told("2020-01-05T10:00:00.5+0100", "2020-01-05T09:30Z", day=None, zone=BERLIN) == [
        "2020-01-05T09:00", "2020-01-05T09:30",
    ]  # fmt: skip
    assert told("11:59am", "12:00 PM", "11:59 pm", "12:01 AM") == [
        "2020-01-02T11:59", "2020-01-02T12:00", "2020-01-02T23:59", "2020-01-03T00:01",
    ]  # fmt: skip


def test_a_date_without_a_year_is_of_the_line_before_or_of_new_year() -> None:
    found = told("Dec 31 23:59:00", "Jan 01 00:00:10", day=date(2019, 12, 31))
    assert found == ["2019-12-31T23:59", "2020-01-01T00:00"]
    found = told("Dec 31 23:59:00", "Feb 29 10:00:00", day=date(2019, 12, 31))
    assert found == ["2019-12-31T23:59", "2020-02-29T10:00"]


@pytest.mark.parametrize(
    ("before", "time"),
    [(date(2019, 1, 1), "Feb 30 10:00:00"), (date(9999, 12, 31), "Jan 01 10:00:00")],
)
def test_a_date_that_no_year_has_is_an_error_in_words(before: date, time: str) -> None:
    with pytest.raises(LogError, match="--date"):
        told(time, day=before)


def test_headers_give_the_day() -> None:
    clock = Clock(None)
    clock.head(Header("opened", local("2020-01-02T10:00")))
    assert _read(clock, ("10:00", "23:59")) == [
        "2020-01-02T10:00:00.000000Z", "2020-01-02T23:59:00.000000Z",
    ]  # fmt: skip
    clock.head(Header("day", local("2020-01-03T00:00")))
    assert _read(clock, ("00:05",)) == ["2020-01-03T00:05:00.000000Z"]
    clock.head(Header("day", local("2020-01-03T00:00")))
    assert _read(clock, ("00:06",)) == ["2020-01-03T00:06:00.000000Z"]
    clock.head(Header("opened", local("2020-03-16T09:00")))
    assert _read(clock, ("09:01",)) == ["2020-03-16T09:01:00.000000Z"]
    assert clock.steps_back == 0


def test_dates_that_go_back_are_counted() -> None:
    clock = Clock(None)
    _read(clock, ("2020-01-05 10:00:00", "2020-01-05 09:00:00", "2020-01-04 10:00:00"))
    assert clock.steps_back == 1


@pytest.mark.parametrize("time", ["10:00", "Jan 02 10:00:00"])
def test_without_a_day_the_reader_is_told_to_give_one(time: str) -> None:
    with pytest.raises(LogError, match="--date"):
        told(time, day=None)


def test_a_day_at_the_end_of_time_is_an_error_in_words() -> None:
    with pytest.raises(LogError):
        told("23:00", "01:00", day=date(9999, 12, 31))
    with pytest.raises(LogError):
        told("23:00", day=date(9999, 12, 31), zone=ZoneInfo("America/New_York"))
