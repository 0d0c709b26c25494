"""The meanings of lines in a history, common to all dialects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from chatlog.domain.names import username_from

LineCause = Literal["left", "disconnected", "kicked"]

MODE_PREFIXES: Final = "@+%&~!"
"""Prefixes of operators and voices; IRC allows none of them at the start of a name."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as written: ``seconds`` of the day, and optional parts.

    ``day`` is the date; ``month_day`` a date without a year; ``offset`` the offset from UTC.
    ``meridiem``: whether AM or PM was written.
    """

    seconds: int
    micros: int = 0
    day: date | None = None
    month_day: tuple[int, int] | None = None
    offset: timedelta | None = None
    meridiem: bool = False


# Like ``Line`` a named tuple, which is made in half the time: nearly every line has one.
class Said(NamedTuple):
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
    """Several people joined or left at once, as in a netsplit."""

    each: tuple[Came | Went, ...]


@dataclass(frozen=True, slots=True)
class Perhaps:
    """``NAME does something``: an action, if NAME turns out to be a person."""

    text: str


@dataclass(frozen=True, slots=True)
class OwnName:
    """The keeper of the log is called this from now on."""

    name: str


@dataclass(frozen=True, slots=True)
class OwnCame:
    """The keeper of the log joined the room."""


@dataclass(frozen=True, slots=True)
class OwnReady:
    """The client reported on the room, which it does after its own arrival."""


@dataclass(frozen=True, slots=True)
class OwnWent:
    """The keeper of the log left the room: nothing is known about others from here on."""

    cause: LineCause


@dataclass(frozen=True, slots=True)
class Header:
    """The log was opened or closed, or gives the date; ``at`` is naive local time."""

    kind: Literal["opened", "closed", "day"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Undated:
    """A header whose date is not understood, as in another language than English."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A topic, a mode, a notice: recognised, without an event."""


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
"""The meaning of a line; None if it is not recognised."""


class Line(NamedTuple):
    """One line: its time, if it has one, its meaning, and its text.

    ``is_announced``: whether the line is from the server and not from a person.
    """

    stamp: Stamp | None
    what: Meaning
    text: str
    is_announced: bool = False


@lru_cache(maxsize=16_384)
def clean_name(written: str) -> str:
    """Return a person's name in NFC, without mode prefixes and invisible characters."""
    name = username_from(written)
    return username_from(name.lstrip(MODE_PREFIXES)) or name


def said(name: str, text: str) -> Said:
    """Return a chat."""
    return Said(clean_name(name), text)


def acted(name: str, text: str) -> Said:
    """Return an action as the chat that was typed for it; blank if the action is empty."""
    return Said(clean_name(name), f"/me {text}" if text.strip() else "")
