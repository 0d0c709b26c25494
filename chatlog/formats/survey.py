"""The first reading of a history, to find faults before anything is written.

It finds when the file begins and ends, whether its clock has twelve hours, whom it shows as
people, and how much of it is not understood.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from itertools import islice
from typing import Final

from chatlog.domain.counts import counted
from chatlog.domain.errors import LogError
from chatlog.formats.clock import Clock
from chatlog.formats.lines import (
    Came,
    Header,
    Line,
    Meaning,
    Perhaps,
    Renamed,
    Said,
    Stamp,
    Together,
    Undated,
    Went,
)
from chatlog.formats.story import action_of

OLD_ACTIONS_UNTIL: Final = 2007
"""The last year in which actions in ubuntu's logs look like server lines."""
MAX_UNKNOWN: Final = 0.02
_MAX_FORMS: Final = 10_000
_SHOWN: Final = 3


@dataclass(slots=True)
class Survey:
    """The results of the first reading."""

    lines: int = 0
    spoken: int = 0
    """Non-empty lines."""
    events: int = 0
    """Lines that may produce an event."""
    unknown: int = 0
    unknown_announced: int = 0
    arrivals: int = 0
    people: set[str] = field(default_factory=set)
    old_actions: list[str] = field(default_factory=list)
    forms: Counter[str] = field(default_factory=Counter)
    first_line: str = ""
    half_days: bool = False
    steps_back: int = 0
    undated: list[str] = field(default_factory=list)
    """Headers whose date is not understood, the first ones."""
    first_at: str = ""
    last_at: str = ""

    def frequent(self) -> str:
        """Return the most frequent unrecognised forms, with counts."""
        shown = self.forms.most_common(_SHOWN)
        return ", ".join(f"{count} × {form!r}" for form, count in shown)


def survey(read: Callable[[], Iterable[Line]], day: date | None, zone: tzinfo = UTC) -> Survey:
    """Read a history to its end; ``read`` starts reading it.

    Raises:
        LogError: if the file is recognised but its first day is unknown.
    """
    found = Survey()
    reader = _Reader(Clock(day, zone))
    dayless = _look_through(read(), found, reader)
    if dayless is not None:
        if found.events:
            raise dayless
        return found
    found.half_days = reader.clock.has_half_day_step and reader.clock.widest_hour <= 12
    if found.half_days:
        reader = _Reader(Clock(day, zone, half_days=True))
        for line in islice(read(), found.lines):
            reader.read(line)
    found.first_at, found.last_at = reader.first_at, reader.clock.at
    found.steps_back = reader.clock.steps_back
    if not found.first_at and (found.events or found.old_actions):
        found.first_at = found.last_at = found.last_at or _midnight_of(day, zone)
    _settle_old_actions(found)
    return found


def _look_through(lines: Iterable[Line], found: Survey, reader: _Reader) -> LogError | None:
    """Count every line; return what the clock says of times whose day nothing tells."""
    dayless = None
    for line in lines:
        found.lines += 1
        try:
            reader.read(line)
        except LogError as error:
            dayless = error
        if line.text:
            _count(found, line)
    return dayless


def _midnight_of(day: date | None, zone: tzinfo) -> str:
    """Return the start of a file that has no times."""
    clock = Clock(day, zone)
    clock.read(Stamp(0))
    return clock.at


class _Reader:
    """Runs a clock through one file, and keeps the time of the first line."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.first_at = ""

    def read(self, line: Line) -> None:
        if type(line.what) is Header:
            self.clock.head(line.what)
            if line.what.kind == "opened":
                self.first_at = self.first_at or self.clock.at
        elif line.stamp is not None:
            self.clock.read(line.stamp)
            self.first_at = self.first_at or self.clock.at


def _count(found: Survey, line: Line) -> None:
    found.spoken += 1
    found.first_line = found.first_line or line.text
    what = line.what
    if type(what) is Said:
        found.people.add(what.name)
        found.events += 1
    elif what is None:
        _add_unknown(found, line)
    elif type(what) is Perhaps:
        found.old_actions.append(what.text)
    elif type(what) is Undated:
        found.undated = [*found.undated, line.text][:_SHOWN]
    else:
        _look_at(found, what)


def _look_at(found: Survey, what: Meaning) -> None:
    match what:
        case Came(name):
            found.people.add(name)
            found.arrivals += 1
        case Went(name):
            found.people.add(name)
        case Renamed(old, new):
            found.people.update((old, new))
        case Together(each):
            for one in each:
                _look_at(found, one)
        case _:
            return
    found.events += 1


def _settle_old_actions(found: Survey) -> None:
    """Count possible actions: real ones if by a person in an old file."""
    is_old = found.first_at[:4] <= str(OLD_ACTIONS_UNTIL)
    for text in found.old_actions:
        if is_old and action_of(text, found.people) is not None:
            found.events += 1
        else:
            _add_unknown(found, Line(None, None, f"=== {text}", is_announced=True))
    if not is_old:
        found.people.clear()
    found.old_actions.clear()


def _add_unknown(found: Survey, line: Line) -> None:
    found.unknown += 1
    found.unknown_announced += line.is_announced
    form = form_of(line.text, found.people)
    if len(found.forms) < _MAX_FORMS or form in found.forms:
        found.forms[form] += 1


_HIDDEN: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\[[^\]]*\]"), "[…]"),
    (re.compile(r"\([^)]*\)"), "(…)"),
    (re.compile(r"<[^>]*>"), "<…>"),
    (re.compile(r"\d+"), "0"),
)


def form_of(text: str, people: Collection[str]) -> str:
    """Return a line's form: its first words, with placeholders for names, hosts and numbers."""
    text = text[:200]
    for pattern, placeholder in _HIDDEN:
        text = pattern.sub(placeholder, text)
    words = ("NAME" if word.strip(":,.") in people else word for word in text.split()[:8])
    return " ".join(words)


def empty() -> LogError:
    """Return the error of a file without a line."""
    return LogError("The file is empty.")


def not_understood(first_line: str, known: str) -> LogError:
    """Return the error of a file in none of the ``known`` formats."""
    return LogError(
        f"No line of the file is recognised. Its first line is {first_line[:200]!r}; "
        f"known formats: {known}. Name one with --format."
    )


def check(found: Survey, *, known: Callable[[], str], lenient: bool) -> None:
    """Refuse a history that is not sufficiently recognised.

    Raises:
        LogError: with the unrecognised part and a remedy.
    """
    if not found.spoken:
        raise empty()
    if not found.events:
        raise not_understood(found.first_line, known())
    if lenient:
        return
    if found.undated:
        raise LogError(
            f"The date of a header is not recognised: {found.undated[0][:200]!r}. Write its month "
            "in English, as in Jan, or give --lenient to take the days from the lines' times alone."
        )
    if found.steps_back:
        raise LogError(
            "The file's dates go back by more than two hours in "
            f"{counted(found.steps_back, 'place')}: sort it, or give --lenient to repeat the "
            "time before each."
        )
    if found.unknown > MAX_UNKNOWN * found.spoken:
        raise LogError(
            f"{found.unknown} of {counted(found.spoken, 'line')} not recognised; most frequent: "
            f"{found.frequent()}. Give --lenient to import the rest."
        )
    if found.unknown_announced and not found.arrivals:
        raise LogError(
            "No arrival in the file is recognised, and "
            f"{counted(found.unknown_announced, 'server line')} not recognised; most frequent: "
            f"{found.frequent()}. Presence would be wrong. Give --lenient to import it anyway."
        )
