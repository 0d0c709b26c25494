"""The first reading of a history: everything that can be wrong is found before any is written.

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
"""The last year of which ubuntu's logs have actions like the server's lines, by the first day."""
MAX_UNKNOWN: Final = 0.02
_MAX_FORMS: Final = 10_000
_SHOWN: Final = 3


@dataclass(slots=True)
class Survey:
    """What the first reading found."""

    lines: int = 0
    spoken: int = 0
    """Lines that are not empty."""
    events: int = 0
    """Lines of which an event may follow."""
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
        """Return the most frequent forms that are not understood, with counts."""
        shown = self.forms.most_common(_SHOWN)
        return ", ".join(f"{count} × {form!r}" for form, count in shown)


def survey(read: Callable[[], Iterable[Line]], day: date | None, zone: tzinfo = UTC) -> Survey:
    """Read a history to its end; ``read`` begins to do so.

    Raises:
        LogError: if something of the file is understood, and not which day it begins.
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
    """Return when a file without a single time begins."""
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
    """Count what may be an action: of a person, in an old file."""
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
    """Return a line's form: its first words, with names, hosts and numbers as placeholders."""
    text = text[:200]
    for pattern, placeholder in _HIDDEN:
        text = pattern.sub(placeholder, text)
    words = ("NAME" if word.strip(":,.") in people else word for word in text.split()[:8])
    return " ".join(words)


def empty() -> LogError:
    """Return the error of a file without a line."""
    return LogError("The file is empty.")


def not_understood(first_line: str, known: str) -> LogError:
    """Return the error of a file that is in none of the ``known`` forms."""
    return LogError(
        f"Nothing of the file is understood. Its first line is {first_line[:200]!r}; the forms "
        f"that are known: {known}. Name one with --format."
    )


def check(found: Survey, *, known: Callable[[], str], lenient: bool) -> None:
    """Refuse a history that is not understood, or not enough of it.

    Raises:
        LogError: saying what is not understood, and what can be done.
    """
    if not found.spoken:
        raise empty()
    if not found.events:
        raise not_understood(found.first_line, known())
    if lenient:
        return
    if found.undated:
        raise LogError(
            f"The date of a header is not understood: {found.undated[0][:200]!r}. Write its month "
            "in English, as in Jan, or give --lenient to have the lines' times alone say the days."
        )
    if found.steps_back:
        raise LogError(
            f"The file's dates go back by more than two hours, {found.steps_back} times: sort it, "
            "or give --lenient to have time stand still there."
        )
    if found.unknown > MAX_UNKNOWN * found.spoken:
        raise LogError(
            f"{found.unknown} of {found.spoken} lines are not understood, most of them "
            f"{found.frequent()}. Give --lenient to import the rest."
        )
    if found.unknown_announced and not found.arrivals:
        raise LogError(
            f"No arrival in the file is understood, and {found.unknown_announced} of the server's "
            f"lines are not, most of them {found.frequent()}: who was there would be wrong. Give "
            "--lenient to import it all the same."
        )
