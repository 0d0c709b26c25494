"""Resume an import: find how much of a history a room already has.

This compares the room's events with the story, one by one. Between them there may be bookkeeping
events of earlier imports: leaves at the end of the file (``import_ended``), leaves by which a
server closed the sessions of a killed import (``lapsed``), and the joins of a continued import.
These are not part of the story; all other events must match it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from chatlog.audit.presence import seq_at
from chatlog.databases.database import Database
from chatlog.domain.errors import LogError
from chatlog.domain.room import Room
from chatlog.domain.times import minus
from chatlog.eventlog import read
from chatlog.formats.story import Arrived, Departed, Happening, Spoke
from chatlog.kinds.chat import Posted
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Leave, Left

_PAGE: Final = 500
_SOONER_SECONDS: Final = 0.000_001


@dataclass(slots=True)
class Place:
    """Where to resume: ``known`` happenings exist already; ``closing`` ends open sessions."""

    known: int = 0
    closing: list[Command] = field(default_factory=list)
    rest: Iterable[Happening] = ()


async def holds(database: Database, room: Room, happening: Happening) -> bool:
    """Whether a room has this happening, at its time."""
    async for page in _pages_since(database, room, happening.at):
        if any(_agree(event, happening) for event in page):
            return True
        if page[-1].at > happening.at:
            return False
    return False


async def find_place(database: Database, room: Room, happenings: Iterator[Happening]) -> Place:
    """Read the part of a story that the room has, and return where to resume.

    Raises:
        LogError: if the room's events differ from the story, or continue after it.
    """
    comparison = await asyncio.to_thread(_Comparison, happenings)
    if comparison.next is not None:
        async for page in _pages_since(database, room, comparison.next.at):
            await asyncio.to_thread(comparison.accept, page)
    if comparison.next is None:
        return Place(comparison.known)
    if comparison.next.at < room.at and not comparison.known:
        raise LogError(
            f"The room's last event ({room.at}) is later than the file's first "
            f"({comparison.next.at}), and the room has no event of the file. Import into another "
            "room."
        )
    if comparison.next.at < room.at:
        raise LogError(
            f"The room's last event ({room.at}) is later than the first event of the file that "
            f"it lacks ({comparison.next.at}). Import into another room."
        )
    return comparison.place(room)


async def _pages_since(
    database: Database, room: Room, at: str
) -> AsyncIterator[Sequence[Recorded]]:
    assert room.number is not None
    async with database.read() as connection:
        before = await seq_at(connection, room.number, minus(at, _SOONER_SECONDS))
    first = before + 1
    while first <= room.head:
        async with database.read() as connection:
            page = await read.read_room(connection, room.number, first, room.head, limit=_PAGE)
        if not page:
            return
        yield page
        first = page[-1].seq + 1


class _Comparison:
    """A comparison of a story with a room's events."""

    def __init__(self, happenings: Iterator[Happening]) -> None:
        self.known = 0
        self._happenings = happenings
        self._open: dict[str, str] = {}
        """The room's open sessions, by their names in the story."""
        self._present: dict[str, None] = {}
        """The people present in the story before its next happening."""
        self.next = next(happenings, None)

    def accept(self, page: Iterable[Recorded]) -> None:
        """Compare the room's next events."""
        for event in page:
            self._accept(event)

    def _accept(self, event: Recorded) -> None:
        expected = self.next
        if expected is not None and _agree(event, expected):
            self._note(event, expected)
            self.known += 1
            self.next = next(self._happenings, None)
        elif self.known and not self._is_bookkeeping(event):
            raise LogError(
                f"Event {event.seq} of the room is not in the file: the room does not hold an "
                "earlier import of this file, or its last line was half written then. Import into "
                "another room."
            )

    def place(self, room: Room) -> Place:
        """End the open sessions, and let the people of the story join again."""
        closing: list[Command] = [
            Leave(room.name, session, "import_ended", at=room.at) for session in self._open.values()
        ]
        again = [Arrived(room.at, name, implied=True) for name in self._present]
        assert self.next is not None
        return Place(self.known, closing, chain(again, (self.next,), self._happenings))

    def _is_bookkeeping(self, event: Recorded) -> bool:
        told = event.event
        if isinstance(told, Left) and told.cause in ("import_ended", "lapsed"):
            known = self._open_name(told.session)
            if known is not None:
                del self._open[known]
            return known is not None
        if isinstance(told, Joined):
            name = told.user.name
            if name in self._present and name not in self._open:
                self._open[name] = told.session
                return True
        return False

    def _open_name(self, session: str) -> str | None:
        return next((name for name, open_ in self._open.items() if open_ == session), None)

    def _note(self, event: Recorded, happening: Happening) -> None:
        name, told = happening.name, event.event
        if isinstance(told, Joined):
            self._open[name] = told.session
            self._present[name] = None
        elif isinstance(told, Left):
            self._open.pop(name, None)
            self._present.pop(name, None)


def _agree(event: Recorded, happening: Happening) -> bool:
    """Whether an event matches the story; erased content matches anything."""
    told = event.event
    if event.at != happening.at or told.user.name not in (None, happening.name):
        return False
    if isinstance(told, Posted):
        return type(happening) is Spoke and told.message in (None, happening.text)
    if isinstance(told, Joined):
        return type(happening) is Arrived
    return isinstance(told, Left) and type(happening) is Departed and told.cause == happening.cause
