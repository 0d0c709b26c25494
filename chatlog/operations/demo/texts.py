"""The demo's messages: exchanges of a few lines per room, from a text file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_PAST_SHARE: Final = 0.6

QUIET: Final = (
    *("Aisha", "Bruno", "Carmen", "Dmitri", "Emeka", "Freya", "Goran", "Hana", "Ines"),
    *("Jamal", "Kaya", "Liam", "Mei", "Nils", "Oskar", "Paula", "Quinn", "Rosa"),
)
"""People who only read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message; ``is_erased`` if somebody erases it later."""

    name: str
    message: str
    is_erased: bool = False


Exchange = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class RoomTexts:
    """The exchanges of one room, in their order."""

    room: str
    exchanges: tuple[Exchange, ...]

    @property
    def past(self) -> tuple[Exchange, ...]:
        """The exchanges of the past, before the demo starts."""
        return self.exchanges[: round(len(self.exchanges) * _PAST_SHARE)]

    @property
    def present(self) -> tuple[Exchange, ...]:
        """The other exchanges, then those of the past again, without erased ones."""
        new = self.exchanges[len(self.past) :] + self.past
        return tuple(each for each in new if not any(line.is_erased for line in each))


def rooms() -> tuple[RoomTexts, ...]:
    """Return the texts shipped with the program."""
    text = files(__package__).joinpath("conversations.txt").read_text("utf-8")
    _, *sections = text.split("\n# ")
    return tuple(RoomTexts(*_section(section)) for section in sections if ":" in section)


def _section(section: str) -> tuple[str, tuple[Exchange, ...]]:
    room, _, rest = section.partition("\n")
    return room, tuple(tuple(_lines(part)) for part in rest.strip().split("\n\n"))


def _lines(exchange: str) -> Iterator[Line]:
    for line in exchange.splitlines():
        name, _, message = line.partition(": ")
        if name.startswith("/"):
            yield Line(name[1:], f"/me {message}")
        else:
            yield Line(name.removeprefix("! "), message, name.startswith("!"))
