"""The door: every path that shows content to anybody asks here, and says who is asking.

Joining a room, its history, lists of users, the HTTP API, the shell and exports all pass
``admit``. In open mode it admits everybody; a rule about who may read what belongs there, and
nowhere else. Every answer comes from one snapshot of the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from chatlog.audit.locating import Moment, find_moment, find_room
from chatlog.audit.page_ranges import PageRange, RangeRequest, find_page_range
from chatlog.audit.presence import Present
from chatlog.audit.rooms import RoomInfo, rooms_after
from chatlog.audit.sessions import Session, find_range, sessions_within
from chatlog.audit.users import users_at
from chatlog.audit.versioned_pages import VersionedPage, read_versioned_page
from chatlog.audit.witnesses import Cursor, Witness, witnesses_of
from chatlog.databases.database import Connection
from chatlog.eventlog.pages import Page, PageRequest, read_page
from chatlog.kinds.event import Recorded
from chatlog.readers.askers import Asker

Reading = Callable[[], AbstractAsyncContextManager[Connection]]
Size = Callable[[Recorded], int]
Point = int | str | None
"""A seq, a time, or None: now, the beginning or the end, as the question has it."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Users who could have seen the event at ``at``; ``next`` continues the list."""

    at: str
    found: list[Witness]
    next: Cursor | None


class Door:
    """Answers questions about rooms to those who may read them.

    ``reading`` lends a connection to read from: a server's waits for its turn, a command's does
    not. Unless stated otherwise, a method raises ``Refused`` (``room_unknown``) for a room without
    events, and whatever ``reading`` raises.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def admit(self, asker: Asker, room: str | None) -> None:
        """Let the asker read a room, whether it exists or not; None is the list of rooms.

        Raises:
            Refused: never in open mode, in which every name is a claim.
        """

    @asynccontextmanager
    async def _open(self, asker: Asker, room: str | None) -> AsyncIterator[Connection]:
        self.admit(asker, room)
        async with self._reading() as connection:
            yield connection

    async def rooms(self, asker: Asker, after: str, *, limit: int) -> list[RoomInfo]:
        """Return rooms after a name, in order of code points."""
        async with self._open(asker, None) as connection:
            return await rooms_after(connection, after, limit=limit)

    async def room_number(self, asker: Asker, room: str) -> int:
        """Return the number of a room in the log, for those who read it at length."""
        async with self._open(asker, room) as connection:
            return (await find_room(connection, room)).number

    async def users(self, asker: Asker, room: str, point: Point) -> tuple[Moment, list[Present]]:
        """Return the users present at a seq or time, in order of names.

        Raises:
            Refused: also ``after_unknown`` if the seq is past the head.
        """
        async with self._open(asker, room) as connection:
            return await users_at(connection, room, point)

    async def sessions(
        self, asker: Asker, room: str, first: Point, last: Point, *, after: int, limit: int
    ) -> list[Session]:
        """Return sessions that overlap a range, in order of their joins, after a join's seq."""
        async with self._open(asker, room) as connection:
            found = await find_room(connection, room)
            within = await find_range(connection, found, first, last)
            return await sessions_within(connection, found, within, after=after, limit=limit)

    async def witnesses(
        self, asker: Asker, room: str, seq: int, *, cursor: Cursor | None, limit: int
    ) -> Witnesses:
        """Return a page of users who could have seen an event.

        Raises:
            Refused: also ``after_unknown`` if there is no such event.
        """
        async with self._open(asker, room) as connection:
            found = await find_room(connection, room)
            moment = await find_moment(connection, found, seq)
            assert moment.at is not None  # a seq from 1 on has its event
            page, next_ = await witnesses_of(
                connection, found, seq, moment.at, cursor=cursor, limit=limit
            )
            return Witnesses(moment.at, page, next_)

    async def page(self, asker: Asker, request: PageRequest, *, max_bytes: int, size: Size) -> Page:
        """Return a page of events."""
        async with self._open(asker, request.room) as connection:
            return await read_page(connection, request, max_bytes=max_bytes, size=size)

    async def versioned_page(
        self,
        asker: Asker,
        request: PageRequest,
        *,
        known: Iterable[str],
        max_bytes: int,
        size: Size,
        proof: bool,
    ) -> VersionedPage:
        """Return a page of events and the tag of its state; no page if its tag is ``known``."""
        async with self._open(asker, request.room) as connection:
            return await read_versioned_page(
                connection, request, known=known, max_bytes=max_bytes, size=size, proof=proof
            )

    async def locate(self, asker: Asker, request: RangeRequest) -> PageRange:
        """Return the range of events for a request, however many.

        Raises:
            LogError: if there is no room of this name.
        """
        async with self._open(asker, request.room) as connection:
            return await find_page_range(connection, request)
