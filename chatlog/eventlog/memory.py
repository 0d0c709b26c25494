"""The writer's cache between batches: rooms at their heads, users by name.

It is updated to the log's end under the lock before every batch, and cleared whenever a
transaction fails. Entries read by a batch stay until the next batch begins, however many; then
the least recently used ones are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Place
from chatlog.domain import times
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.eventlog import lookup
from chatlog.eventlog.forward import events_between
from chatlog.eventlog.persons import Person
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Event

MAX_ROOMS: Final = 10_000
"""Rooms kept between batches: 1 KiB each, and 4 KiB more for 500 recent chats."""

MAX_USERS: Final = 20_000
"""Users kept between batches: 0.4 KiB each."""

_PAGE: Final = 1_000


class Memory:
    """Rooms and users as of ``position``, in the order of their last use.

    ``seen`` is the last event that was in the log, known even after all else was forgotten: a log
    without it has lost events. ``now`` is the time of the last batch.
    """

    def __init__(self, *, max_rooms: int = MAX_ROOMS, max_users: int = MAX_USERS) -> None:
        self.position = 0
        self.now = times.FIRST
        self.seen: Place | None = None
        self.rooms: dict[str, Room] = {}
        self.users: dict[str, User] = {}
        self.persons: dict[str, Person] = {}
        self._max_rooms = max_rooms
        self._max_users = max_users

    def forget(self) -> None:
        """Forget everything but ``seen``, so that it is read from the log again."""
        self.position = 0
        self.rooms.clear()
        self.users.clear()
        self.persons.clear()

    def make_space(self) -> None:
        """Drop what was used least recently, before a batch reads what it needs."""
        _drop_oldest(self.rooms, self._max_rooms)
        _drop_oldest(self.users, self._max_users)
        _drop_oldest(self.persons, self._max_users)

    async def bring_up(self, connection: AsyncConnection, position: int) -> None:
        """Make space, and fold in the events that others have appended, up to the log's end."""
        self.make_space()
        # All writers wait for the lock meanwhile: beyond one page, clear and reread on demand.
        if not 0 <= position - self.position <= _PAGE:
            self.forget()
        if self.rooms or self.users or self.persons:
            await self._fold(connection, position)
        self.position = position

    async def _fold(self, connection: AsyncConnection, position: int) -> None:
        if self.position == position:
            return
        for recorded in await events_between(connection, self.position + 1, position):
            if (room := self.rooms.get(recorded.room)) is not None:
                recorded.apply(room)
            _note(self.persons, recorded.event)
            if type(recorded.event) is Erased:  # one of them may have lost the name
                self.users.clear()
                self.persons.clear()

    def has(self, rooms: set[str], users: set[str]) -> bool:
        """Return whether all of these rooms and users are cached; they become the last used."""
        return not _missing(self.rooms, rooms) and not _missing(self.users, users)

    async def load(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Read the rooms with these names that are not cached. Rooms without events are skipped."""
        for part in _missing(self.rooms, names):
            for room in await lookup.rooms_at_head(connection, part):
                self.rooms[room.name] = room

    async def load_users(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Read the users with these names that are not cached."""
        for part in _missing(self.users, names):
            self.users.update(await lookup.users_named(connection, part))


def _missing(known: dict[str, Any], names: Iterable[str]) -> list[list[str]]:
    """Return the names that are not cached; the others become the most recently used.

    They come in chunks: asyncpg takes at most 32,767 parameters per statement.
    """
    missing = []
    for name in set(names):
        if name in known:
            known[name] = known.pop(name)
        else:
            missing.append(name)
    return [missing[start : start + _PAGE] for start in range(0, len(missing), _PAGE)]


def _drop_oldest(known: dict[str, Any], most: int) -> None:
    for name in list(islice(known, max(0, len(known) - most))):
        del known[name]


def _note(known: dict[str, Person], event: Event) -> None:
    """Bring a cache of people up to an event that another node has appended.

    Who has another name in it is read again: an imported event does not have the present one.
    """
    for user in event.everybody:
        if user.subject is None or user.subject.subject is None:
            continue
        cached = known.get(user.subject.subject)
        if cached is not None and cached.user.id != user.id:
            del known[user.subject.subject]
