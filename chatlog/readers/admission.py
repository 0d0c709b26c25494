"""Admission: what one asker, once admitted to a room, reads of it.

``Door.admit`` makes it and nothing else does, so whoever holds one has passed the door. Every
answer comes from one snapshot of the log; a long one, of several pages, from one for each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from chatlog.audit.locating import Moment, find_moment, find_room
from chatlog.audit.looks import NO_LOOKS, LooksPage, Place, looks_after, looks_before
from chatlog.audit.paging.page_ranges import in_order
from chatlog.audit.paging.pages import Page, read_page
from chatlog.audit.paging.selection import Selection, select
from chatlog.audit.paging.versioned_pages import VersionedPage, read_versioned_page
from chatlog.audit.presence import Present
from chatlog.audit.sessions import Session, find_range, sessions_within
from chatlog.audit.users import users_at
from chatlog.audit.witnesses import Cursor, Witness, witnesses_of
from chatlog.databases.database import Connection
from chatlog.eventlog import lookup, read
from chatlog.eventlog.present_names import names_of_members, present_names
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery, Point
from chatlog.projections.presence import Presence
from chatlog.readers import past_events
from chatlog.readers.askers import Asker, Claimant
from chatlog.readers.listing import members_listed
from chatlog.readers.past_events import Reading
from chatlog.wire.answers import MemberListed

Size = Callable[[Recorded], int]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Users who could have seen the event at ``at``; ``next`` continues the list."""

    at: str
    found: list[Witness]
    next: Cursor | None


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """One asker's way to read one room.

    ``lowest`` and ``highest`` are the first and last seq of the room whose events the asker may see
    (None: no end): whoever loses the right meanwhile sees nothing later. ``reading`` lends a
    connection: a server's waits for its turn, a command's does not. ``prompt`` lends one at once,
    for a short read. Unless stated otherwise, a method raises ``Refused`` (``room_unknown``) for a
    room without events, and whatever ``reading`` raises.
    """

    asker: Asker
    room: str
    lowest: int
    highest: int | None
    reading: Reading
    prompt: Reading

    async def event(self, seq: int) -> Recorded:
        """Return the event at a seq, which exists."""
        async with self.prompt() as connection:
            room = await find_room(connection, self.room)
            (found,) = await read.read_room(connection, room.number, seq, seq, limit=1)
            return found

    async def number(self) -> int:
        """Return the room's number in the log."""
        async with self.reading() as connection:
            return (await find_room(connection, self.room)).number

    async def users(self, point: Point | None) -> tuple[Moment, list[Present]]:
        """Return the users present at a seq or time (None: now), in order of names.

        Raises:
            Refused: also ``after_unknown`` if the seq is past the head.
        """
        async with self.reading() as connection:
            return await users_at(connection, self.room, point)

    async def members(self, now: str) -> tuple[int, list[MemberListed]]:
        """Return the room's head, and who has a role in it, in order of subjects."""
        async with self.prompt() as connection:
            room = await find_room(connection, self.room)
            governing = await read.governing_events(connection, room.number, None)
            names = await names_of_members(connection, room.number)
            return room.head, members_listed(governing, names, now)

    async def named(self, members: Sequence[MemberListed]) -> list[MemberListed]:
        """Return these members under their present names: their events have those of then."""
        async with self.prompt() as connection:
            names = await present_names(connection, [member.subject for member in members])
        return [
            MemberListed(
                names.get(one.subject, one.username),
                one.subject,
                one.role,
                one.since_seq,
                one.until,
            )
            for one in members
        ]

    async def presence(self) -> Presence:
        """Return the room's presence at its head."""
        async with self.prompt() as connection:
            room = await find_room(connection, self.room)
            return Presence(room.head, await lookup.open_sessions(connection, room.number))

    async def sessions(
        self, first: Point | None, last: Point | None, *, after: int, limit: int
    ) -> list[Session]:
        """Return sessions that overlap a range, in order of their joins, after a join's seq."""
        async with self.reading() as connection:
            found = await find_room(connection, self.room)
            within = await find_range(connection, found, first, last)
            return await sessions_within(connection, found, within, after=after, limit=limit)

    async def witnesses(self, seq: int, *, cursor: Cursor | None, limit: int) -> Witnesses:
        """Return a page of users who could have seen an event.

        Raises:
            Refused: also ``after_unknown`` if there is no such event.
        """
        async with self.reading() as connection:
            found = await find_room(connection, self.room)
            moment = await find_moment(connection, found, seq)
            assert moment.at is not None  # a seq from 1 on has its event
            page, next_ = await witnesses_of(
                connection, found, seq, moment.at, cursor=cursor, limit=limit
            )
            return Witnesses(moment.at, page, next_)

    async def looks(self, *, before: Place | None, after: Place | None, limit: int) -> LooksPage:
        """Return a page of looks beside a place, by default the newest; in open mode none."""
        async with self.reading() as connection:
            found = await find_room(connection, self.room)
            if isinstance(self.asker, Claimant):
                return NO_LOOKS  # a claimed name has no scope, whatever was recorded before
            if after is not None:
                return await looks_after(connection, found, after, limit=limit)
            return await looks_before(connection, found, before, limit=limit)

    async def page(self, query: EventQuery, *, max_bytes: int, size: Size) -> Page:
        """Return a page of events."""
        async with self.reading() as connection:
            selection = await self.select(connection, query)
            return await read_page(connection, selection, max_bytes=max_bytes, size=size)

    async def versioned_page(
        self, query: EventQuery, *, known: Iterable[str], max_bytes: int, size: Size, proof: bool
    ) -> VersionedPage:
        """Return a page of events and the tag of its state; no page if its tag is ``known``."""
        self._check(query)
        async with self.reading() as connection:
            return await read_versioned_page(
                connection,
                query,
                lowest=self.lowest,
                highest=self.highest,
                known=known,
                max_bytes=max_bytes,
                size=size,
                proof=proof,
            )

    async def locate(self, query: EventQuery) -> Selection:
        """Return the events of a query as a selection that ``events`` reads, however many."""
        async with self.reading() as connection:
            return await in_order(connection, await self.select(connection, query))

    def events(self, located: Selection) -> AsyncIterator[list[Recorded]]:
        """Yield the located events in order, a page at a time."""
        return past_events.events(self.reading, located)

    async def frames(self, first: int, last: int) -> list[bytes]:
        """Return the frames of the seqs that exist from ``first`` to ``last``.

        They are for all members who are behind, so nobody gets them who may not see all of the
        room. (A member's own rights are in the join: its replay begins at what they may see.)
        """
        if self.lowest > 1 or self.highest is not None:
            raise ValueError(f"{self.asker} was admitted to a part of the room")
        return await past_events.read_frames(self.prompt, self.room, first, last)

    async def select(self, connection: Connection, query: EventQuery) -> Selection:
        """Resolve a query of this room in a snapshot that ``reading`` lent."""
        self._check(query)
        return await select(connection, query, lowest=self.lowest, highest=self.highest)

    def _check(self, query: EventQuery) -> None:
        if query.room != self.room:
            raise ValueError(f"{self.asker} was admitted to another room")
