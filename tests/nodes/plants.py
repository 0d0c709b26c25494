"""Bugs to plant: each breaks one mechanism that several nodes on one log stand on.

Where the database itself would refuse what a bug does, ``UNGUARDED`` takes its guards away, so
that the checker is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from unittest import mock

import sqlalchemy as sa

from chatlog.chat import node_lease
from chatlog.chat.live import LiveRoom
from chatlog.databases.database import Database
from chatlog.databases.postgres import backend
from chatlog.databases.postgres.bell import Notifications
from chatlog.domain.errors import Refused
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.eventlog.memory import Memory
from chatlog.eventlog.tail import Tail, _place_of
from chatlog.kinds.command import Known
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.leave import Leave, Left
from chatlog.nodes import reaper
from tests.flows.simulation.plants import broadcast_before_commit, no_deduplication

_AFTER_SECONDS = 1.5
"""Longer than the interval at which nodes look for dead ones, in these tests."""

Plant = Callable[[], AbstractContextManager[Any]]

UNGUARDED = """
    DROP TRIGGER events_in_order ON chatlog.events;
    ALTER TABLE chatlog.events DROP CONSTRAINT events_pkey;
    DROP INDEX chatlog.events_room_seq, chatlog.events_client_id;
"""
"""Takes away what in the database itself refuses an event of another place or a repeated id."""


@contextmanager
def no_lock() -> Iterator[None]:
    """Numbers are given to whoever asks, while others write with the same ones."""
    with mock.patch.object(backend, "LOCK_LOG", sa.text("SELECT 1")):
        yield


@contextmanager
def no_look_at_what_others_appended() -> Iterator[None]:
    """A writer takes its memory of rooms for their state, although others have appended."""

    async def trust(self: Memory, connection: Any, position: int) -> None:
        return

    with mock.patch.object(Memory, "_fold", trust):
        yield


@contextmanager
def the_tail_skips_what_it_has_not_read() -> Iterator[None]:
    """A node's own batch is dispatched at once, and what others appended before it never."""

    def skip(self: Tail, events: list[Recorded]) -> None:
        if events[-1].position > self.position:
            self._move(_place_of(events[-1]))
        self._served.dispatch(events)

    def trust(self: LiveRoom, events: list[Recorded]) -> None:
        """Take whatever comes for the next event."""
        coming = [event.seq for event in events if event.seq > self.feed.recent.head]
        if coming and coming[0] > self.feed.recent.head + 1:
            self.feed.recent.clear()
            self.feed.recent.head = coming[0] - 1
        dispatch(self, events)

    dispatch = LiveRoom.dispatch
    with mock.patch.object(Tail, "offer", skip), mock.patch.object(LiveRoom, "dispatch", trust):
        yield


@contextmanager
def the_lease_is_never_lost() -> Iterator[None]:
    """A node goes on serving although others have taken it for dead."""
    renew = str(backend._RENEW).replace("AND ended_at IS NULL", "")
    assert renew != str(backend._RENEW)
    with mock.patch.object(backend, "_RENEW", sa.text(renew)):
        yield


@contextmanager
def each_reaper_closes_a_session() -> Iterator[None]:
    """A lapse isn't decided under the lock: whoever finds a dead node's session appends it."""
    decide, users = Leave.decide, dict[str, User]()
    due = reaper.leaves_due

    async def after_a_while(database: Database) -> Any:
        found = await due(database)
        if found:  # so long that the others find the same
            await asyncio.sleep(_AFTER_SECONDS)
        return found

    def once_more(self: Leave, room: Room, known: Known) -> Event | Refused:
        if (user := room.sessions.user_of(self.session)) is not None:
            users[self.session] = user
        elif self.cause == "lapsed" and self.session in users:
            left = users[self.session], self.session, known.node, 0, self.cause, self.last_seen_at
            return Left(*left)
        return decide(self, room, known)

    with (
        mock.patch.object(Leave, "decide", once_more),
        mock.patch.object(node_lease, "leaves_due", after_a_while),
    ):
        yield


@contextmanager
def a_lost_listener_is_not_replaced() -> Iterator[None]:
    """A node whose listening connection is killed waits for a ring that never comes."""
    listen = Notifications.listen

    async def once(self: Notifications, *hears: Any) -> None:
        with suppress(ConnectionError):
            await listen(self, *hears)
        await asyncio.Event().wait()

    with mock.patch.object(Notifications, "listen", once):
        yield


__all__ = ["broadcast_before_commit", "no_deduplication"]
