"""This client's place in one room: it joins on each connection and continues after what it has.

Where the log behind the room is no longer the one it saw, it starts afresh and says so. After a
removal it does not come back by itself.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Literal

from chatlog.client.errors import ANOTHER_LOG, PASSING, Unreachable
from chatlog.client.frames import JoinFrame, SessionFrame, UsersFrame
from chatlog.client.gate import Gate
from chatlog.client.inbox import Inbox, Mark
from chatlog.client.link import Link, pause
from chatlog.client.reading import RoomEvent
from chatlog.domain.errors import Refused

Presence = Literal["full", "digest"]
"""How the server tells who comes and goes."""


class Left(Exception):
    """This client has left the room: reading ends."""


class Membership:
    """``live`` is open while joined; it fails when the room is over. ``news``: look again."""

    def __init__(
        self, name: str, after: Mark | None, backlog: int, presence: Presence, link: Link
    ) -> None:
        self.name = name
        self.live = Gate()
        self.inbox = Inbox(link.limits.max_waiting_events, after)
        self.news = asyncio.Event()
        self.present: tuple[str, ...] = ()
        self._link = link
        self._backlog = backlog
        self._presence = presence
        self._was_live = False
        self._is_replaying = False
        self._left_at: int | None = None

    async def enter(self) -> None:
        """Join on a new connection: try until the room is live, or refuses for good."""
        for attempt in itertools.count():
            try:
                await self._join()
            except Unreachable:
                return self._link.reconnect()
            except Refused as error:
                if not await self._overcame(error, attempt):
                    return None
            else:
                return None
        return None

    async def _join(self) -> None:
        head = self.inbox.head
        place: dict[str, object] = {"backlog": self._backlog}
        if head is not None:
            place = {"after": head.seq} | ({} if head.hash is None else {"hash": head.hash})
        if self._presence != "full":
            place["presence"] = self._presence
        self._is_replaying = True
        join = {"type": "join", "room": self.name, **self._link.who, **place}
        await self._link.request(join, is_long=True)

    async def _overcame(self, error: Refused, attempt: int) -> bool:
        """Return whether to join again on this connection."""
        if error.code in ANOTHER_LOG and self._was_live:
            self.inbox.reset(self.name)
            self.news.set()
            return True
        if error.code in {"outcome_unknown", "already_joined"}:
            self._link.reconnect()
        elif error.code in PASSING or error.code == "storage_full":
            await pause(self._link.limits, error, attempt)
            return True
        else:
            self.end(error)
        return False

    def enter_again(self) -> None:
        """Join, since the server says that this client is not in the room."""
        if self.live.is_open:
            self.live.shut()
            self._link.enter(self)

    def caught_up(self) -> None:
        """Be live: the replay has ended."""
        self._is_replaying = False
        self._was_live = True
        self.live.open()

    def event(self, event: RoomEvent) -> None:
        """Take a live or replayed event."""
        may_begin_later = self._is_replaying and not self._link.is_open_mode
        self._is_replaying = False
        if not self.inbox.put(event, may_begin_later=may_begin_later):
            return self._link.reconnect()  # never by the protocol; a resume mends it
        self.news.set()
        if event.type in {"notification", "session"} and self.live.is_open:
            self._check_removed(event)
        self._check_left()
        return None

    def users(self, frame: UsersFrame) -> None:
        """Take the names of those present at the join."""
        self.present = frame.users

    def lost(self) -> None:
        """Know that the connection is gone."""
        self.live.shut()
        if self._left_at is not None:
            self.end(Left())

    def left(self, seq: int) -> None:
        """Be over after the event at this seq, which is the leave."""
        self._left_at = seq
        self._check_left()

    def end(self, error: BaseException) -> None:
        """Be over; events that have come can still be read."""
        self.live.fail(error)
        self._link.forget(self)
        self.news.set()

    def _check_left(self) -> None:
        head = self.inbox.head
        if self._left_at is not None and head is not None and head.seq >= self._left_at:
            self.end(Left())

    def _check_removed(self, event: RoomEvent) -> None:
        assert isinstance(event, JoinFrame | SessionFrame)
        if event.cause != "kicked" or not self._link.is_mine(event.username):
            return
        by = "The end of your role" if event.by is None else event.by
        reason = f": {event.reason}" if event.reason else "."
        self.end(Refused("forbidden", f"{by} removed you from {self.name}{reason}"))
