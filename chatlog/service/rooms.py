"""The rooms that this node serves: read from the log on first use, let go when idle.

While a room is being read, events of it that are dispatched meanwhile are kept and
applied afterwards; those the snapshot had already are recognised by their seq.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chatlog.delivery.feed import Delivered, Feed, Member
from chatlog.delivery.recent import Recent
from chatlog.domain.errors import Unavailable
from chatlog.domain.events import Recorded
from chatlog.domain.sessions import OpenSessions
from chatlog.eventlog import lookup, read
from chatlog.eventlog.database import Database
from chatlog.projections.presence import Presence
from chatlog.service.live import LiveRoom
from chatlog.wire.events import encode
from chatlog.wire.frames import text_frame

RECENT_EVENTS = 256
"""How many events of a room are read into memory at first; later ones stay by their bytes."""
_PAGE = 100


class Rooms:
    """The live rooms by name."""

    def __init__(
        self,
        database: Database,
        *,
        max_buffer_bytes: int,
        max_recent_bytes: int,
        idle_seconds: float,
    ) -> None:
        self.delivered = Delivered()
        self.catch_up: Callable[[Feed, Member], None] = lambda _feed, _member: None
        self._database = database
        self._max_buffer_bytes = max_buffer_bytes
        self._max_recent_bytes = max_recent_bytes
        self._idle_seconds = idle_seconds
        self._rooms: dict[str, LiveRoom] = {}
        self._opening: dict[str, tuple[asyncio.Future[LiveRoom], list[Recorded]]] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, name: str) -> LiveRoom | None:
        """Return a room that is live already."""
        return self._rooms.get(name)

    def lagging(self) -> int:
        """Return how many members are behind at this moment."""
        return sum(len(room.feed.lagging) for room in self._rooms.values())

    def dispatch(self, events: list[Recorded]) -> None:
        """Bring committed events, in the log's order, to the rooms they are of."""
        by_room: dict[str, list[Recorded]] = {}
        for event in events:
            by_room.setdefault(event.room, []).append(event)
        for name, of_room in by_room.items():
            if (room := self._rooms.get(name)) is not None:
                room.dispatch(of_room)
            elif (opening := self._opening.get(name)) is not None:
                opening[1].extend(of_room)

    async def open(self, name: str) -> LiveRoom:
        """Return the room of this name, read from the log if it is not live yet."""
        if (room := self._rooms.get(name)) is not None:
            room.idle_since = None
            return room
        if (opening := self._opening.get(name)) is not None:
            return await asyncio.shield(opening[0])
        return await self._read(name)

    async def _read(self, name: str) -> LiveRoom:
        opened: asyncio.Future[LiveRoom] = asyncio.get_running_loop().create_future()
        meanwhile: list[Recorded] = []
        self._opening[name] = (opened, meanwhile)
        try:
            room = await self._snapshot(name)
        except BaseException as error:
            others = error if isinstance(error, Exception) else Unavailable()
            opened.set_exception(others)
            opened.exception()  # nobody else may be waiting for it
            raise
        else:
            room.dispatch(meanwhile)
            self._rooms[name] = room
            opened.set_result(room)
            return room
        finally:
            del self._opening[name]

    async def _snapshot(self, name: str) -> LiveRoom:
        async with self._database.read() as connection:
            number = await read.room_number(connection, name)
            if number is None:
                return self._room(name, 0, [], OpenSessions())
            head = await read.room_head(connection, number)
            events = await read.read_room(
                connection, number, max(1, head - RECENT_EVENTS + 1), head, limit=RECENT_EVENTS
            )
            sessions = await lookup.open_sessions(connection, number)
        return self._room(name, head, [text_frame(encode(event)) for event in events], sessions)

    def _room(self, name: str, head: int, frames: list[bytes], open_: OpenSessions) -> LiveRoom:
        feed = Feed(
            name,
            Recent(head, frames, self._max_recent_bytes),
            max_buffer_bytes=self._max_buffer_bytes,
            delivered=self.delivered,
            catch_up=self._fall_behind,
        )
        return LiveRoom(feed, Presence(head, open_))

    def _fall_behind(self, feed: Feed, member: Member) -> None:
        self.catch_up(feed, member)

    def close_if_unused(self, name: str) -> None:
        """Let go of a room at once that was opened for nothing."""
        room = self._rooms.get(name)
        if room is not None and room.is_idle:
            del self._rooms[name]

    async def read_frames(self, name: str, seq: int) -> list[bytes]:
        """Return some frames of a room from ``seq`` on, from the log."""
        async with self._database.read() as connection:
            number = await read.room_number(connection, name)
            if number is None:
                return []
            last = seq + _PAGE - 1
            events = await read.read_room(connection, number, seq, last, limit=_PAGE)
        return [text_frame(encode(event)) for event in events]

    async def sweep(self) -> None:
        """Let go of rooms that nobody here has been in for a while, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._idle_seconds / 2)
            now = loop.time()
            for name, room in list(self._rooms.items()):
                if not room.is_idle:
                    room.idle_since = None
                elif room.idle_since is None:
                    room.idle_since = now
                elif now - room.idle_since >= self._idle_seconds:
                    del self._rooms[name]
