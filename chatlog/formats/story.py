"""Convert the lines of a history to joins, chats and leaves in order, each with a time.

A story tracks presence, so that everybody joins before they speak, and nobody joins or leaves
twice. While the log was closed, nobody counts as present. Lines that make no sense are counted,
never an error: these are other programs' logs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, NamedTuple

from chatlog.domain.errors import Refused
from chatlog.domain.names import Limits, check_message, check_username
from chatlog.formats.clock import Clock
from chatlog.formats.lines import (
    Came,
    Header,
    Line,
    Meaning,
    OwnCame,
    OwnName,
    OwnReady,
    OwnWent,
    Perhaps,
    Renamed,
    Said,
    Together,
    Went,
    acted,
)

StoryCause = Literal["left", "disconnected", "kicked", "import_ended"]

_PAUSE: Final = timedelta(minutes=5)
"""A log that was closed for no longer than this was rotated, not ended."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """``implied``: the file shows the name without an arrival."""

    at: str
    name: str
    implied: bool = False


class Spoke(NamedTuple):
    at: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Departed:
    at: str
    name: str
    cause: StoryCause


Happening = Arrived | Spoke | Departed


class Story:
    """Reads the lines of one file, once."""

    def __init__(self, clock: Clock, limits: Limits, people: Collection[str] = ()) -> None:
        """``people`` are the names that make a ``Perhaps`` an action."""
        self.lines = self.skipped = self.unfit = 0
        """Lines read; lines without an event; of those, lines with an invalid name or text."""
        self._clock = clock
        self._limits = limits
        self._people = people
        self._own: str | None = None
        self._first_came: str | None = ""
        """The first arrival since the log was opened; None if somebody else was there before."""
        self._present: dict[str, None] = {}
        self._fit: dict[str, bool] = {}

    def read(self, lines: Iterable[Line]) -> Iterator[Happening]:
        """Yield the happenings; at the end of the file everybody present leaves."""
        for line in lines:
            self.lines += 1
            if line.stamp is not None:
                self._clock.read(line.stamp)
            what = line.what
            if type(what) is Said and what.name in self._present:  # most lines are this
                if self._is_text(what.text):
                    yield Spoke(self._clock.at, what.name, what.text)
                else:
                    self.skipped += 1
            elif line.text:
                yield from self._tell(what)
        yield from self._all_leave(self._clock.at)

    def _tell(self, what: Meaning) -> Iterator[Happening]:
        happened = False
        for happening in self._said(what) if type(what) is Said else self._happened(what):
            happened = True
            yield happening
        self.skipped += not happened

    def _said(self, said: Said) -> Iterator[Happening]:
        self._first_came = self._first_came or None
        if not self._is_name(said.name) or not self._is_text(said.text):
            return
        if said.name not in self._present:
            yield self._join(said.name, implied=True)
        yield Spoke(self._clock.at, said.name, said.text)

    def _happened(self, what: Meaning) -> Iterator[Happening]:
        match what:
            case Came(name):
                yield from self._come(name)
            case Went(name, cause):
                yield from self._go(name, cause)
            case Renamed(old, new):
                yield from self._rename(old, new)
            case Together(each):
                for one in each:
                    yield from self._happened(one)
            case Perhaps(text):
                if (action := action_of(text, self._people)) is not None:
                    yield from self._said(action)
            case _:
                yield from self._own_part(what)

    def _come(self, name: str) -> Iterator[Happening]:
        self._first_came = name if self._first_came == "" else self._first_came
        if self._is_name(name) and name not in self._present:
            yield self._join(name)

    def _go(self, name: str, cause: StoryCause) -> Iterator[Happening]:
        if name == self._own:
            yield from self._own_leave(cause)
        elif name in self._present:
            yield self._leave(name, cause)

    def _own_part(self, what: Meaning) -> Iterator[Happening]:
        """Handle events of the log itself, or of its keeper."""
        match what:
            case Header():
                yield from self._turn_over(what)
            case OwnName(name):
                yield from self._be_called(name)
            case OwnCame() if self._own is not None and self._own not in self._present:
                yield self._join(self._own)
            case OwnReady():
                # A client sees nothing of a room before it is in it.
                self._own = self._first_came or self._own
            case OwnWent(cause):
                yield from self._own_leave(cause)
            case _:
                pass  # it changes nothing, or ``_happened`` handles it

    def _own_leave(self, cause: StoryCause) -> Iterator[Happening]:
        """End the session of the log's keeper, who sees nothing of the others from here on."""
        self._first_came = ""
        if self._own in self._present:
            yield self._leave(self._own, cause)
        yield from self._all_leave(self._clock.at)

    def _turn_over(self, header: Header) -> Iterator[Happening]:
        before, at = self._clock.moment, self._clock.at
        self._clock.head(header)
        now = self._clock.moment
        if header.kind != "opened" or before is None or now is None:
            return
        self._first_came = ""
        if now - before > _PAUSE:
            yield from self._all_leave(at)

    def _be_called(self, name: str) -> Iterator[Happening]:
        own, self._own = self._own, name
        self._first_came = self._first_came and name
        if own is not None:
            yield from self._rename(own, name)
        elif self._is_name(name) and name not in self._present:
            yield self._join(name, implied=True)

    def _rename(self, old: str, new: str) -> Iterator[Happening]:
        if not self._is_name(old) or not self._is_name(new) or old == new:
            return
        if old not in self._present:
            yield self._join(old, implied=True)
        yield self._leave(old, "left")
        if new not in self._present:
            yield self._join(new)

    def _all_leave(self, at: str) -> Iterator[Happening]:
        for name in list(self._present):
            del self._present[name]
            yield Departed(at, name, "import_ended")

    def _join(self, name: str, *, implied: bool = False) -> Happening:
        self._present[name] = None
        return Arrived(self._clock.at, name, implied)

    def _leave(self, name: str, cause: StoryCause) -> Happening:
        del self._present[name]
        return Departed(self._clock.at, name, cause)

    def _is_name(self, name: str) -> bool:
        fit = self._fit.get(name)
        if fit is None:
            fit = self._fit[name] = _is_username(name, self._limits)
        self.unfit += not fit
        return fit

    def _is_text(self, text: str) -> bool:
        if not text or text.isspace():
            return False
        try:
            check_message(text, self._limits)
        except Refused:
            self.unfit += 1
            return False
        return True


def action_of(text: str, people: Collection[str]) -> Said | None:
    """Return ``NAME does something`` as an action, if NAME is one of these people."""
    end = len(text)
    while (end := text.rfind(" ", 0, min(end, 200))) > 0:
        if text[:end] in people:
            return acted(text[:end], text[end + 1 :])
    return None


def _is_username(name: str, limits: Limits) -> bool:
    try:
        check_username(name, limits)
    except Refused:
        return False
    return True
