"""The rooms that this node serves: read from the log on first use, dropped when idle.

Events of a room that are dispatched while it is being read are kept and applied afterwards; those
already in the snapshot are recognised by their seq.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial

from chatlog.bus.message import Names
from chatlog.chat.live import LiveRoom
from chatlog.databases.database import Database
from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.gathering import Gathering
from chatlog.delivery.pages import PageBudget, Pages
from chatlog.delivery.recent import Budget, Recent
from chatlog.domain.rights import Rights
from chatlog.domain.sessions import OpenSessions
from chatlog.eventlog import lookup, read
from chatlog.eventlog.rights import rights_of
from chatlog.kinds.event import Recorded
from chatlog.kinds.leave import Expel
from chatlog.projections.presence import Presence
from chatlog.wire.events import encode
from chatlog.wire.frames import GOING_AWAY, text_frame

RECENT_EVENTS = 256
"""Events of a room read into memory at first; later frames are limited by bytes."""
_ONE_ROOM = 8
"""A room's largest share of ``max_recent_bytes`` (one in this many); it needs no more."""
_PAGES = 8
"""The share of pages read again, for those who are behind, of ``max_recent_bytes``."""
_MANY_ROOMS = 1_000
"""Idle rooms are dropped at once beyond this number plus twice the rooms in use."""


class Rooms:
    """The live rooms by name."""

    def __init__(
        self,
        database: Database,
        *,
        catch_up: Callable[[Feed, Member], None],
        failed: Callable[[Exception], None],
        max_buffer_bytes: int,
        max_recent_bytes: int,
        idle_seconds: float,
        max_gather_seconds: float = 0,
        is_current: Callable[[], bool] = lambda: True,
    ) -> None:
        """``catch_up`` serves a member that is behind; ``failed`` reports a failed dispatch.

        ``is_current`` returns whether memory may be shown; see ``Feed``.
        """
        self.delivered = Delivered()
        self._catch_up = catch_up
        self._failed = failed
        self._is_current = is_current
        self._database = database
        self._max_buffer_bytes = max_buffer_bytes
        self._pages = PageBudget(max_recent_bytes // _PAGES)
        recent_bytes = max_recent_bytes - self._pages.max_bytes
        self._recent = Budget(recent_bytes, max_room_bytes=max_recent_bytes // _ONE_ROOM)
        self._idle_seconds = idle_seconds
        self._max_gather_seconds = max_gather_seconds
        self._rooms: dict[str, LiveRoom] = {}
        self._crowded = _MANY_ROOMS
        self._opening: dict[str, tuple[asyncio.Future[None], list[Recorded]]] = {}
        self._names = Names()
        self._holders: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, name: str) -> LiveRoom | None:
        """Return a room that is already live."""
        return self._rooms.get(name)

    def lagging(self) -> int:
        """Return the number of members that are behind now."""
        return sum(len(room.feed.lagging) for room in self._rooms.values())

    def wants(self, room: str, _type: str) -> bool:
        """Return whether a room is live or being opened here."""
        return room in self._names

    def has_any(self, digests: Collection[str]) -> bool:
        """Return whether a room with one of these digests is live or being opened here."""
        return self._names.have_any(digests)

    def is_next(self, recorded: Recorded) -> bool:
        """Return whether an event's room has all events before it, or is not served here."""
        room = self._rooms.get(recorded.room)
        if room is None:
            return recorded.room not in self._opening
        return recorded.seq <= room.feed.recent.head + 1

    def dispatch(self, events: list[Recorded]) -> None:
        """Dispatch committed events, in the order of each room."""
        by_room: dict[str, list[Recorded]] = {}
        for event in events:
            by_room.setdefault(event.room, []).append(event)
        for name, of_room in by_room.items():
            if (room := self._rooms.get(name)) is not None:
                self._dispatch(name, room, of_room)
            elif (opening := self._opening.get(name)) is not None:
                opening[1].extend(of_room)

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Prevent the room of this name from being dropped, now or once it is open.

        Hold it before opening it: otherwise it could be dropped while a waiting member is woken,
        who would then be placed in a room that gets no events. A room left idle by its last
        holder (whose join was refused) is dropped at once.
        """
        self._holders[name] = self._holders.get(name, 0) + 1
        try:
            yield
        finally:
            self._holders[name] -= 1
            if self._holders[name] == 0:
                del self._holders[name]
                self._close_if_unused(name)

    def expired(self, now: str) -> list[Expel]:
        """Return what ends the sessions of members here whose roles have run out by a time."""
        return [
            Expel(name, session, room.is_cut(session))
            for name, room in self._rooms.items()
            for session in room.expired(now)
        ]

    def _dispatch(self, name: str, room: LiveRoom, events: list[Recorded]) -> None:
        try:
            room.dispatch(events)
        except Exception as error:  # noqa: BLE001 - other rooms, and the node, go on
            self._give_up(name, error)

    def _give_up(self, name: str, error: Exception) -> None:
        """Abandon a room: this node does not know what its members have received any more.

        They resume from the log.
        """
        self._failed(error)
        self._abandon(name)

    async def open(self, name: str) -> LiveRoom:
        """Return the room of this name, read from the log if it is not live yet.

        Raises:
            Unavailable: if the log cannot be read.
        """
        while (room := self._rooms.get(name)) is None:
            if (opening := self._opening.get(name)) is None:
                return await self._read(name)
            await asyncio.shield(opening[0])
        room.idle_since = None
        return room

    async def _read(self, name: str) -> LiveRoom:
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        meanwhile: list[Recorded] = []
        self._opening[name] = (opened, meanwhile)
        self._names.add(name)
        try:
            room = await self._snapshot(name)
            self._make_space()
            self._rooms[name] = room
            room.dispatch(meanwhile)
        except Exception as error:
            if name in self._rooms:  # half read: nobody may be placed in it
                self._close(name)
            opened.set_exception(error)
            opened.exception()  # nobody else may be waiting for it
            raise
        finally:
            del self._opening[name]
            if name not in self._rooms:
                self._names.discard(name)
            if not opened.done():  # open; or its reader was cancelled, and another one reads
                opened.set_result(None)
        return room

    async def _snapshot(self, name: str) -> LiveRoom:
        head, events, sessions, rights = 0, list[Recorded](), OpenSessions(), Rights()
        async with self._database.read() as connection:
            number = await read.room_number(connection, name)
            if number is not None:
                head = await read.room_head(connection, number)
                first = max(1, head - RECENT_EVENTS + 1)
                events = await read.read_room(connection, number, first, head, limit=RECENT_EVENTS)
                sessions = await lookup.open_sessions(connection, number)
                rights = await rights_of(connection, number)
        frames = [text_frame(encode(event)) for event in events]
        return self._room(name, head, frames, Presence(head, sessions, rights))

    def _room(self, name: str, head: int, frames: list[bytes], presence: Presence) -> LiveRoom:
        feed = Feed(
            name,
            Recent(head, frames, self._recent),
            max_buffer_bytes=self._max_buffer_bytes,
            delivered=self.delivered,
            catch_up=self._catch_up,
            is_current=self._is_current,
            pages=Pages(self._pages),
            gathering=self._gathering(),
            failed=partial(self._give_up, name),
        )
        return LiveRoom(feed, presence)

    def _gathering(self) -> Gathering | None:
        if not self._max_gather_seconds:
            return None
        return Gathering(
            asyncio.get_running_loop(),
            max_seconds=self._max_gather_seconds,
            max_bytes=self._max_buffer_bytes,
        )

    def _is_unused(self, name: str) -> bool:
        return self._rooms[name].is_idle and name not in self._holders

    def _close_if_unused(self, name: str) -> None:
        if name in self._rooms and self._is_unused(name):
            self._close(name)

    def _close(self, name: str) -> None:
        self._rooms.pop(name).feed.close()
        self._names.discard(name)

    def abandon(self) -> None:
        """Let go of every room and its members: the log is not the one that was read."""
        for name in tuple(self._rooms):
            self._abandon(name)

    def _abandon(self, name: str) -> None:
        room = self._rooms[name]
        self._close(name)
        room.abandon(GOING_AWAY)

    def _make_space(self) -> None:
        """Drop idle rooms early once there are many, since a client can create them.

        The next search happens only once there are twice as many, so that opening stays cheap.
        """
        if len(self._rooms) >= self._crowded:
            for name in tuple(self._rooms):
                self._close_if_unused(name)
            self._crowded = 2 * len(self._rooms) + _MANY_ROOMS

    async def sweep(self) -> None:
        """Drop rooms that have had no members here for a while, until cancelled.

        Drop the pages of rooms where nobody is behind any more, too.
        """
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._idle_seconds / 2)
            now = loop.time()
            for name, room in list(self._rooms.items()):
                if not room.feed.lagging:
                    room.feed.pages.clear()
                if not self._is_unused(name):
                    room.idle_since = None
                elif room.idle_since is None:
                    room.idle_since = now
                elif now - room.idle_since >= self._idle_seconds:
                    self._close(name)
