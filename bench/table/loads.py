"""The loads of the table and of the plots, all in this one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.room import Seats

_MOST_SENDERS = 10
_MOST_WATCHED = 10


@dataclass(frozen=True, slots=True)
class Shape:
    """Rooms, and the members of each."""

    rooms: int
    members: int

    @property
    def name(self) -> str:
        return f"{self.rooms} × {self.members:,}"

    @property
    def seats(self) -> Seats:
        """Seat ten senders in one room, or one sender in each of several rooms.

        About ten more members are watched. So the generator parses little and counts the rest,
        and its core does not become full before the server's.
        """
        everybody = self.rooms * self.members
        senders = min(_MOST_SENDERS, everybody) if self.rooms == 1 else self.rooms
        others = everybody - senders
        return Seats(everybody, self.rooms, senders, max(1, others // _MOST_WATCHED))


@dataclass(frozen=True, slots=True)
class Load:
    """Messages a second, offered whether or not the server keeps up."""

    shape: Shape
    rate: float


ROOM_OF_10: Final = Shape(1, 10)
ROOM_OF_100: Final = Shape(1, 100)
ROOM_OF_1000: Final = Shape(1, 1000)
ROOMS_OF_20: Final = Shape(50, 20)

LOADS: Final = (
    Load(ROOM_OF_100, 900),
    Load(ROOM_OF_10, 6000),
    Load(ROOMS_OF_20, 4000),
    Load(ROOM_OF_100, 100),
    Load(ROOMS_OF_20, 500),
    Load(ROOM_OF_10, 500),
)

MAXIMA: Final = (
    (ROOM_OF_100, "deliveries"),
    (ROOM_OF_1000, "deliveries"),
    (ROOMS_OF_20, "deliveries"),
    (ROOM_OF_10, "messages"),
)
MOST_P99_MS: Final = 250.0
"""A server keeps up with a rate while its p99 is below this and nothing is lost."""
CURVES: Final = {
    ROOM_OF_10: (10, 50, 200, 1000, 3000, 6000, 12_000, 18_000, 24_000, 32_000, 48_000),
    ROOMS_OF_20: (10, 50, 200, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200),
}
"""Messages a second of the plots, up to the first that a server does not keep up with."""
CURVE_TURNS: Final = 3
CURVE_SECONDS: Final = 1.0
"""At most, as ``CURVE_TURNS``: ``--seconds`` and ``--repeat`` may ask for less."""

STORM_TURNS: Final = {500: 5, 2_000: 3}
"""Members that join one room, and at most so many turns: 2,000 joins take peers up to 20 s."""
IDLE_CONNECTIONS: Final = 1000
IDLE_TURNS: Final = 3
