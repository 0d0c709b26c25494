"""Times and days are read in the forms that clients write."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from chatlog.formats.stamps import day_in_name, stamp_of, written_out

local = datetime.fromisoformat


@pytest.mark.parametrize(
    "text", ["24:00", "10:60", "1:2", "13:00 PM", "0:10am", "2020-02-30 10:00"]
)
def test_what_is_no_time(text: str) -> None:
    assert stamp_of(text) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("--- Log opened Thu Jan 02 10:00:01 2020", local("2020-01-02T10:00")),
        ("--- Day changed Fri Jan 03 2020", local("2020-01-03T00:00")),
        ("Session Start: Mon Mar 16 09:00:00 2020", local("2020-03-16T09:00")),
        ("**** BEGIN LOGGING AT Thu Jan  2 10:00:00 2020", local("2020-01-02T10:00")),
        ("--- Log opened 2020-01-02 10:00:01", local("2020-01-02T10:00")),
        ("--- Log opened Thu Feb 31 10:00:01 2020", None),
        ("--- Log opened Do Mai 02 10:00:01 2020", None),
        ("--- nothing", None),
    ],
)
def test_a_header_says_its_day_and_minute(text: str, at: datetime | None) -> None:
    assert written_out(text) == at


@pytest.mark.parametrize(
    "name",
    [
        "2020-01-02.log",
        "#room_20200102.log",
        "#room.20200102.log",
        "net-#room-2020_01_02.txt.gz",
        "2020.01.02 #room",
        "room 02.01.2020.log",
        "1234567890-2020-01-02",
        "9999-99-99-2020-01-02",
    ],
)
def test_a_files_name_says_its_day(name: str) -> None:
    assert day_in_name(name) == date(2020, 1, 2)


@pytest.mark.parametrize("name", ["room.log", "-", "2020-13-01.log", "63", "120200102.log"])
def test_other_names_say_none(name: str) -> None:
    assert day_in_name(name) is None
