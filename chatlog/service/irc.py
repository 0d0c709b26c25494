"""An IRC log as a story: its lines become joins, chats and leaves in order, each with a time.

Pure: lines in, what happened out. It keeps who is present, so that whoever speaks has
come before, and nobody comes or leaves twice. What makes no sense is counted, never an
error: these are other people's logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from chatlog.domain import times
from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_message, check_username
from chatlog.service.irc_lines import Came, Line, Renamed, Said, Went, minute_of, parse, text_of

IrcCause = Literal["left", "disconnected", "import_ended"]


@dataclass(frozen=True, slots=True)
class Arrived:
    at: str
    name: str


@dataclass(frozen=True, slots=True)
class Spoke:
    at: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Departed:
    at: str
    name: str
    cause: IrcCause


Happening = Arrived | Spoke | Departed


@dataclass(slots=True)
class Counts:
    """How much of each there was. ``joins`` are those the file has itself."""

    lines: int = 0
    chats: int = 0
    joins: int = 0
    leaves: int = 0
    implied_joins: int = 0
    skipped: int = 0

    @property
    def events(self) -> int:
        """How many events the story has."""
        return self.chats + self.joins + self.leaves + self.implied_joins


class Story:
    """Reads the lines of one file, once. ``counts`` is complete at the end."""

    def __init__(self, day: date, limits: Limits, first_minute: int) -> None:
        """Begin on ``day``; lines before the first time have ``first_minute`` of it."""
        self.counts = Counts()
        self._limits = limits
        self._day = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the file's UTC
        self._minute = first_minute
        self._at = self._now()
        self._present: dict[str, None] = {}
        self._fit: dict[str, bool] = {}

    def read(self, lines: Iterable[bytes]) -> Iterator[Happening]:
        """Yield what happened; at the end of the file all who are present leave."""
        for raw in lines:
            self.counts.lines += 1
            line = text_of(raw)
            self._look_at_clock(line)
            if line:
                yield from self._tell(parse(line))
        for name in list(self._present):
            yield self._leave(name, "import_ended")

    def _look_at_clock(self, line: str) -> None:
        minute = minute_of(line)
        if minute is None or minute == self._minute:
            return
        if minute < self._minute:
            self._day += timedelta(days=1)
        self._minute = minute
        self._at = self._now()

    def _now(self) -> str:
        return times.text(self._day + timedelta(minutes=self._minute))

    def _tell(self, line: Line) -> Iterator[Happening]:
        if isinstance(line, Said) and self._is_name(line.name) and self._is_text(line.text):
            yield from self._be_there(line.name)
            self.counts.chats += 1
            yield Spoke(self._at, line.name, line.text)
        elif isinstance(line, Came) and self._is_name(line.name) and not self._is_here(line.name):
            self.counts.joins += 1
            yield self._join(line.name)
        elif isinstance(line, Went) and self._is_here(line.name):
            yield self._leave(line.name, line.cause)
        elif isinstance(line, Renamed) and self._is_name(line.old) and self._is_name(line.new):
            yield from self._rename(line)
        else:
            self.counts.skipped += 1

    def _rename(self, line: Renamed) -> Iterator[Happening]:
        yield from self._be_there(line.old)
        yield self._leave(line.old, "left")
        if not self._is_here(line.new):
            self.counts.joins += 1
            yield self._join(line.new)

    def _be_there(self, name: str) -> Iterator[Happening]:
        if not self._is_here(name):
            self.counts.implied_joins += 1
            yield self._join(name)

    def _join(self, name: str) -> Happening:
        self._present[name] = None
        return Arrived(self._at, name)

    def _leave(self, name: str, cause: IrcCause) -> Happening:
        del self._present[name]
        self.counts.leaves += 1
        return Departed(self._at, name, cause)

    def _is_here(self, name: str) -> bool:
        return name in self._present

    def _is_name(self, name: str) -> bool:
        fit = self._fit.get(name)
        if fit is None:
            fit = self._fit[name] = _passes(lambda: check_username(name, self._limits))
        return fit

    def _is_text(self, text: str) -> bool:
        return _passes(lambda: check_message(text, self._limits))


def _passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except Refused:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Span:
    """What a file holds, seen in a first reading; times are RFC 3339 text."""

    lines: int
    first_minute: int
    first_at: str
    last_at: str


def span(lines: Iterable[bytes], day: date) -> Span:
    """Return when a file begins and ends, by its clock alone."""
    count, first, last, days = 0, None, 0, 0
    for raw in lines:
        count += 1
        minute = minute_of(text_of(raw))
        if minute is None:
            continue
        if first is None:
            first = minute
        elif minute < last:
            days += 1
        last = minute
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the file's UTC
    begin = times.text(midnight + timedelta(minutes=first or 0))
    end = times.minus(times.text(midnight), -(days * 86_400 + last * 60))
    return Span(count, first or 0, begin, end)
