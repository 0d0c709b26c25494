"""Parse the times at the beginning of lines."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from chatlog.formats.lines import Stamp

CLOCK: Final = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?"
DATE: Final = r"\d{4}-\d\d-\d\d"
OFFSET: Final = r"(?:Z|[+-]\d\d:?\d\d)"
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_STAMP: Final = re.compile(
    rf"(?:(?P<day>{DATE})[ T]|(?P<month>[A-Z][a-z]{{2}}) +(?P<mday>\d{{1,2}}) +)?"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    rf"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?P<offset>{OFFSET})?"
)
# "Thu Jan 02 10:00:01 2020", "Fri Jan 03 2020", "Jan 2 2020": the C library's form.
_WRITTEN_OUT: Final = re.compile(
    r"(?:[^\W\d]+\.?,? +)?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2})"
    r"(?: +(?P<clock>\d\d:\d\d(?::\d\d)?))?,? +(?P<year>\d{4})"
)
_ISO: Final = re.compile(rf"(?P<day>{DATE})(?:[ T](?P<clock>\d\d:\d\d(?::\d\d)?))?")
_IN_NAME: Final = re.compile(r"(?<!\d)(\d{4})([-._]?)(\d\d)\2(\d\d)(?!\d)")
_IN_NAME_REVERSED: Final = re.compile(r"(?<!\d)(\d\d)([-._])(\d\d)\2(\d{4})(?!\d)")


@lru_cache(maxsize=4096)
def stamp_of(text: str) -> Stamp | None:
    """Return the time at the beginning of a line; None if it is invalid (``24:14``)."""
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    hour = _hour(int(found["hour"]), found["half"])
    minute, second = int(found["minute"]), int(found["second"] or 0)
    if hour is None or minute > 59 or second > 60:
        return None
    try:
        day = date.fromisoformat(found["day"]) if found["day"] else None
    except ValueError:
        return None
    month_day = None
    if found["month"] is not None:
        if found["month"] not in MONTHS:
            return None
        month_day = (MONTHS.index(found["month"]) + 1, int(found["mday"]))
    return Stamp(
        hour * 3600 + minute * 60 + min(second, 59),
        int((found["part"] or "0").ljust(6, "0")[:6]),
        day,
        month_day,
        _offset(found["offset"]),
        found["half"] is not None,
    )


def match_timed(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str], Stamp] | None:
    """Match a whole line whose first group is its time; None where either is not in form."""
    found = pattern.fullmatch(text)
    stamp = None if found is None else stamp_of(found[1])
    return None if found is None or stamp is None else (found, stamp)


def _hour(hour: int, half: str | None) -> int | None:
    if half is None:
        return hour if hour < 24 else None
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half in "Pp" else 0)


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text == "Z":
        return timedelta()
    size = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return -size if text[0] == "-" else size


def written_out(text: str) -> datetime | None:
    """Return the day or moment in a header, as written."""
    found = _WRITTEN_OUT.search(text)
    try:
        if found is not None:
            month = MONTHS.index(found["month"]) + 1
            day = date(int(found["year"]), month, int(found["day"]))
        elif (found := _ISO.search(text)) is not None:
            day = date.fromisoformat(found["day"])
        else:
            return None
    except ValueError:
        return None
    stamp = stamp_of(found["clock"] or "00:00")
    seconds = 0 if stamp is None else stamp.seconds
    # Many clients write lines to the minute: a header's second would be ahead of them.
    return datetime(day.year, day.month, day.day) + timedelta(  # noqa: DTZ001 - local, as written
        minutes=seconds // 60
    )


def day_in_name(name: str) -> date | None:
    """Return the day in a file's name, in the forms that clients use for logs."""
    for found in _IN_NAME.finditer(name):
        try:
            return date(int(found[1]), int(found[3]), int(found[4]))
        except ValueError:
            continue
    for found in _IN_NAME_REVERSED.finditer(name):
        try:
            return date(int(found[4]), int(found[3]), int(found[1]))
        except ValueError:
            continue
    return None
