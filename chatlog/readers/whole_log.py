"""The whole log, as whoever runs commands on it reads it: every room, by position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatlog.audit import log_pages
from chatlog.audit.evidence import checkpoint
from chatlog.audit.log_pages import Wanted
from chatlog.databases.backend import Place
from chatlog.databases.places import end_place, place_at
from chatlog.domain.errors import LogError, RoomUnknown
from chatlog.eventlog import read
from chatlog.kinds.event import MAX_SEQ, Recorded
from chatlog.readers.past_events import Reading


@dataclass(frozen=True, slots=True, eq=False)
class WholeLog:
    """An operator's way to read all rooms; ``Door.admit_everywhere`` makes it."""

    reading: Reading

    async def rooms(self, names: Iterable[str]) -> list[int]:
        """Return the numbers of rooms.

        Raises:
            RoomUnknown: if there is no room of one of the names.
        """
        async with self.reading() as connection:
            found = [await read.room_number(connection, name) for name in names]
        if None in found:
            raise RoomUnknown
        return [number for number in found if number is not None]

    async def id(self) -> str:
        """Return the log's public identifier."""
        async with self.reading() as connection:
            return await checkpoint.log_id(connection)

    async def end(self) -> Place:
        """Return the place of the last event."""
        async with self.reading() as connection:
            return await end_place(connection)

    async def place(self, position: int) -> Place:
        """Return the place of the event at a position.

        Raises:
            LogError: if the log ends before it.
        """
        async with self.reading() as connection:
            found = await place_at(connection, position)
            end = await read.end(connection)
        if found is None:
            raise LogError(f"The log's last position is {end}, before {position}.")
        return found

    async def page(self, after: Place, wanted: Wanted) -> tuple[list[Recorded], Place]:
        """Return the next wanted events, at most a page, and the place that was reached.

        It is the same place if the log has nothing after it.

        Raises:
            LogError: if another event is at the place, or none: the log is not the one that was
                read before, or was restored to an earlier state.
        """
        async with self.reading() as connection:
            there = await place_at(connection, after.position)
            if there != after:
                raise LogError(_lost(after, await read.end(connection)))
            events, reached = await log_pages.read_page(connection, after.position, wanted)
        return events, reached or after

    async def next_in(self, room: int, seq: int, types: Sequence[str]) -> Recorded | None:
        """Return a room's next event of these types after a seq; the room is given by number."""
        async with self.reading() as connection:
            found = await read.read_room(connection, room, seq + 1, MAX_SEQ, limit=1, types=types)
        return found[0] if found else None


def _lost(after: Place, end: int) -> str:
    if end < after.position:
        return (
            f"The log ends at position {end}, before position {after.position}, up to which it "
            "was read: it was restored to an earlier state."
        )
    return (
        f"The event at position {after.position} is not the one that was read there: the log was "
        "restored to an earlier state, and has grown since."
    )
