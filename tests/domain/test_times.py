"""Arithmetic on times gives a time of the log's form, whatever it is asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chatlog.domain.times import FIRST, LAST, minus, text

AT = "2026-11-26T12:00:00.000001Z"
FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
DAY = 86_400.0


def test_a_time_is_so_many_seconds_before_another() -> None:
    assert minus(AT, 1.5) == "2026-11-26T11:59:58.500001Z"
    assert minus(AT, -DAY) == "2026-11-27T12:00:00.000001Z"


def test_the_first_thousand_years_have_four_digits_like_all_others() -> None:
    assert minus(AT, 400_000 * DAY).startswith("0931-")
    assert text(datetime(7, 1, 1, tzinfo=UTC)) == "0007-01-01T00:00:00.000000Z"


def test_what_no_calendar_holds_is_the_first_or_the_last_time() -> None:
    assert minus(AT, 999_999 * DAY) == FIRST
    assert minus(AT, 1e300) == FIRST
    assert minus(AT, -1e300) == LAST


def test_a_time_is_written_alike_whether_it_says_that_it_is_utc_or_not() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - that is the point
    assert text(at) == text(at.replace(tzinfo=UTC)) == "2026-01-02T03:04:05.000000Z"


@given(st.datetimes(), st.floats(allow_nan=False))
def test_every_difference_is_a_time_that_sorts_as_it_is(at: datetime, seconds: float) -> None:
    found = minus(text(at), seconds)
    assert FORM.fullmatch(found)
    assert FIRST <= found <= LAST
    assert (found <= text(at)) or seconds < 0
