"""What one line of an IRC log says, by its form alone: pure, no memory of other lines.

The forms are those of irclogs.ubuntu.com: ``[HH:MM] <name> text``, ``[HH:MM]  * name text``
and the server's own lines, which begin with ``===`` and have no time.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from chatlog.domain.names import username_from

_CLOCK: Final = re.compile(r"\[([01][0-9]|2[0-3]):([0-5][0-9])\]")
_CHAT: Final = re.compile(r"\[[0-9:]{5}\] <([^>]+)>(?: (.*))?", re.DOTALL)
_ACTION: Final = re.compile(r"\[[0-9:]{5}\]  \* ([^ ]+)(?: (.*))?", re.DOTALL)
# The name ends before the first " [" after its first character: names may begin with "[".
_STAY: Final = re.compile(r"=== (.[^\n]*?) \[.*?\] +has (joined|left|quit)\b", re.DOTALL)
_RENAME: Final = re.compile(r"=== (.+) is now known as (.+)", re.DOTALL)


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
    cause: Literal["left", "disconnected"]


@dataclass(frozen=True, slots=True)
class Renamed:
    old: str
    new: str


Line = Said | Came | Went | Renamed | None
"""What a line says; None where it says nothing that the log has a word for."""


def text_of(raw: bytes) -> str:
    """Return a line's text without its end; bytes that are not UTF-8 are read as Latin-1."""
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def minute_of(line: str) -> int | None:
    """Return the minute of the day that a line begins with, None where it has no time."""
    clock = _CLOCK.match(line)
    return None if clock is None else int(clock[1]) * 60 + int(clock[2])


def parse(line: str) -> Line:
    """Return what a line says. Whether its name and text are in form is not looked at."""
    if line.startswith("==="):
        return _announced(line)
    if minute_of(line) is None:
        return None
    if (chat := _CHAT.fullmatch(line)) is not None:
        return Said(username_from(chat[1]), _printable(chat[2] or ""))
    if (action := _ACTION.fullmatch(line)) is not None:
        text = _printable(action[2] or "")
        return Said(username_from(action[1]), f"/me {text}" if text.strip() else "")
    return None


def _announced(line: str) -> Line:
    if (stay := _STAY.match(line)) is not None:
        name = username_from(stay[1])
        if stay[2] == "joined":
            return Came(name)
        return Went(name, "left" if stay[2] == "left" else "disconnected")
    if (rename := _RENAME.fullmatch(line)) is not None:
        return Renamed(username_from(rename[1]), username_from(rename[2]))
    return None


def _printable(text: str) -> str:
    """Drop control characters but tab: colours and the like, which no log may hold."""
    if text.isprintable():
        return text
    return "".join(char for char in text if char == "\t" or unicodedata.category(char) != "Cc")
