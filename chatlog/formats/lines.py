"""What one line of a history says: the small set of meanings that all dialects share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from chatlog.domain.names import username_from

LineCause = Literal["left", "disconnected", "kicked"]

MODE_PREFIXES: Final = "@+%&~!"
"""Marks of operators and voices; IRC allows none of them at the beginning of a name."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as it is written: ``seconds`` of the day, and what else the line tells.

    ``day`` is the date, where the line has it; ``month_day`` a date without a year;
    ``offset`` the distance from UTC. ``meridiem``: whether AM or PM was written.
    """

    seconds: int
    micros: int = 0
    day: date | None = None
    month_day: tuple[int, int] | None = None
    offset: timedelta | None = None
    meridiem: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Came:
    name: str


@dataclass(frozen=True, slots=True)
class Went:
    name: str
    cause: LineCause


@dataclass(frozen=True, slots=True)
class Renamed:
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Together:
    """Several came or went at once, as in a netsplit."""

    each: tuple[Came | Went, ...]


@dataclass(frozen=True, slots=True)
class Perhaps:
    """``NAME does something``: an action, if NAME turns out to be a person."""

    text: str


@dataclass(frozen=True, slots=True)
class OwnName:
    """Whoever kept the log is called this from now on."""

    name: str


@dataclass(frozen=True, slots=True)
class OwnCame:
    """Whoever kept the log came into the room."""


@dataclass(frozen=True, slots=True)
class OwnReady:
    """The client has found out about the room, which follows its own arrival."""


@dataclass(frozen=True, slots=True)
class OwnWent:
    """Whoever kept the log left the room: what others do is unknown from here on."""

    cause: LineCause


@dataclass(frozen=True, slots=True)
class Header:
    """The log was opened or closed, or says which day it is; ``at`` is naive local time."""

    kind: Literal["opened", "closed", "day"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Undated:
    """A header whose date is not understood, as in another language than English."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A topic, a mode, a notice: understood, and no event."""


SILENT: Final = Silent()

Meaning = (
    Said
    | Came
    | Went
    | Renamed
    | Together
    | Perhaps
    | OwnName
    | OwnCame
    | OwnReady
    | OwnWent
    | Header
    | Undated
    | Silent
    | None
)
"""What a line says; None where it is not understood."""


class Line(NamedTuple):
    """One line: its time, where it has one, what it says, and its text.

    ``is_announced``: whether the line is the server's and not a person's.
    """

    stamp: Stamp | None
    what: Meaning
    text: str
    is_announced: bool = False


@lru_cache(maxsize=16_384)
def name_of(written: str) -> str:
    """Return a person's name without mode prefixes and what cannot be seen, in NFC."""
    name = username_from(written)
    return username_from(name.lstrip(MODE_PREFIXES)) or name


def said(name: str, text: str) -> Said:
    """Return a chat."""
    return Said(name_of(name), text)


def acted(name: str, text: str) -> Said:
    """Return an action as the chat that it was typed as; blank where nothing was done."""
    return Said(name_of(name), f"/me {text}" if text.strip() else "")
