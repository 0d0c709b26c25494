"""Parse points in a room's past as people write them: a seq, a date or a time.

A date alone is a whole day: as a beginning, or as a single moment, it means its first moment;
as an end its last one. It is a day in UTC unless another zone is given. Anything shorter than a
date (``2026-11``, ``2026-W48``) is refused, and digits alone are a seq.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from chatlog.domain import times
from chatlog.domain.errors import Refused
from chatlog.domain.zones import day_begins, day_ends, earliest, latest
from chatlog.kinds.event import MAX_SEQ

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[Tt ][0-9]")
_INSTANT_SECONDS: Final = 1e-6
_MOST_DAYS: Final = 3_660


def parse_point(text: str, zone: tzinfo = UTC) -> int | str:
    """Return the seq or the time in a text; a time in the log's format.

    A time is RFC 3339 (or ISO 8601); without an offset it is local to the zone. A date alone is
    the day's first moment.

    Raises:
        Refused: ``bad_command``, if it is neither.
    """
    return _parse(text, lambda day: day_begins(day, zone), lambda time: earliest(time, zone))


def parse_end(text: str, zone: tzinfo = UTC) -> int | str:
    """Return the inclusive end of a range given by a text.

    Like ``parse_point``, except that a date alone is the day's last moment.

    Raises:
        Refused: ``bad_command``, if it is neither a seq nor a time.
    """
    return _parse(text, lambda day: day_ends(day, zone), lambda time: latest(time, zone))


def parse_limit(text: str, zone: tzinfo = UTC) -> int | str:
    """Return the exclusive end of a range given by a text: for a date, the next midnight.

    Raises:
        Refused: ``bad_command``, if it is neither a seq nor a time.
    """
    end = parse_end(text, zone)
    if isinstance(end, str) and _DATE.fullmatch(text.strip()):
        return times.minus(end, -_INSTANT_SECONDS)
    return end


def parse_days(text: str, zone: tzinfo = UTC) -> str:
    """Return days of the zone given by a text such as ``2026-11-01..2026-11-30``, both inclusive.

    Each is 64 characters: its date, its first moment, and the first moment after it.

    Raises:
        Refused: ``bad_command``, if they are not days in order, or too many.
    """
    begin, _, end = text.strip().partition("..")
    try:
        first, last = (date.fromisoformat(day) for day in (begin, end or begin))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    except (ValueError, OverflowError):
        days = []
    if not 0 < len(days) <= _MOST_DAYS:
        raise Refused(
            "bad_command",
            f"Give days such as 2026-11-01..2026-11-30, at most {_MOST_DAYS:,}.",
        )
    return "".join(f"{day}{day_begins(day, zone)}{_day_after(day, zone)}" for day in days)


def _day_after(day: date, zone: tzinfo) -> str:
    return times.minus(day_ends(day, zone), -_INSTANT_SECONDS)


def _parse(
    text: str, of_day: Callable[[date], str], of_time: Callable[[datetime], str]
) -> int | str:
    if re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= MAX_SEQ:
        return int(text)
    text = text.strip()
    try:
        if _DATE.fullmatch(text):
            return of_day(date.fromisoformat(text))
        return _time_in(text, of_time)
    except (ValueError, OverflowError):
        raise Refused(
            "bad_command",
            "Give a seq (41), a date (2026-11-22) or a time (2026-11-22T17:00:00Z).",
        ) from None


def _time_in(text: str, of_time: Callable[[datetime], str]) -> str:
    # Python reads a week (2026-W48) as its Monday.
    if not _TIME.search(text):
        raise ValueError("no time of day")
    # In a URL that was not encoded, the offset's plus arrives as a space.
    time = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text))
    return of_time(time) if time.tzinfo is None else times.text(time.astimezone(UTC))
