"""The right answers about hours and waiting, in plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.audit.queries.fold import LogFold, Session, name

ZONE = ZoneInfo("America/St_Johns")
"""Half an hour off, with summer time."""
DAYS = 40


def days_around(at: str) -> str:
    """Return 40 days of the zone, with a time in the second."""
    first = datetime.fromisoformat(at).astimezone(ZONE).date() - timedelta(days=1)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return "".join(f"{day}{_midnight(day)}{_midnight(day + timedelta(days=1))}" for day in days)


def _midnight(day: Any) -> str:
    local = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000000Z"


def hours(fold: LogFold, days: str) -> list[list[Any]]:
    """Return each person's hours in any room on each day, by day and name."""
    rows = []
    for start in range(0, len(days), 64):
        day, begins, ends = (
            days[start : start + 64][:10],
            days[start + 10 :][:27],
            days[start + 37 :][:27],
        )
        there: dict[str, list[Session]] = {}
        for session in fold.sessions.values():
            if session.joined_at < ends and session.certain_until > begins:
                there.setdefault(session.username, []).append(session)
        for username, sessions in sorted(there.items()):
            spans = [(max(s.joined_at, begins), min(s.certain_until, ends)) for s in sessions]
            rows.append([day, username, _covered(spans) / 3600])
    return rows


def _covered(spans: list[tuple[str, str]]) -> float:
    """Return the seconds that spans cover."""
    covered, until = 0.0, ""
    for begin, end in sorted(spans):
        if end > max(begin, until):
            covered += seconds(max(begin, until), end)
            until = end
    return covered


def seconds(begin: str, end: str) -> float:
    """Return the seconds from one time to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def first_answers(fold: LogFold, begin: str, end: str) -> list[list[Any]]:
    """Return each room's first message within a range and the first answer to it."""
    rows = []
    for room in {event.room for event in fold.events}:
        said = list(fold.of(room, "chat"))
        if not said or not begin <= said[0].at < end:
            continue
        first = said[0]
        answer = next((e for e in said if name(e) != name(first)), None)
        found = [answer.at, name(answer), seconds(first.at, answer.at)] if answer else [None] * 3
        rows.append([room, first.at, name(first), *found])
    return sorted(rows, key=lambda row: (row[1], row[0]))
