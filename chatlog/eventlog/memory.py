"""What the writer remembers between batches: rooms at their heads, users by name.

A cache of the log and nothing more: it is brought up to the log's end under the lock
before every batch, and forgotten whenever a transaction fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.events import Erased, User
from chatlog.domain.room import Room
from chatlog.eventlog import lookup
from chatlog.eventlog.read import read_forward

MAX_ROOMS: Final = 10_000
MAX_USERS: Final = 100_000


class Memory:
    """Rooms and users as of ``position``."""

    def __init__(self) -> None:
        self.position = 0
        self.rooms: dict[str, Room] = {}
        self.users: dict[str, User] = {}

    def forget(self) -> None:
        """Forget everything, so that it is read from the log again."""
        self.position = 0
        self.rooms.clear()
        self.users.clear()

    async def bring_up(self, connection: AsyncConnection, position: int) -> None:
        """Fold in what others have appended up to the log's end."""
        if self.position == position:
            return
        if not self.rooms:
            self.position = position
        while self.position < position:
            for recorded in await read_forward(connection, self.position, limit=1_000):
                self.position = recorded.position
                if (room := self.rooms.get(recorded.room)) is not None:
                    room.apply(recorded)
                if type(recorded.event) is Erased:
                    self.users.clear()  # one of them may have lost the name

    async def load(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Read the rooms of these names that are not remembered. Unknown ones stay out."""
        missing = [name for name in set(names) if name not in self.rooms]
        if missing:
            self._make_space()
            for room in await lookup.rooms_at_head(connection, missing):
                self.rooms[room.name] = room

    async def load_users(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Read the users of these names that are not remembered."""
        missing = [name for name in set(names) if name not in self.users]
        if missing:
            if len(self.users) > MAX_USERS:
                self.users.clear()
            self.users.update(await lookup.users_named(connection, missing))

    def _make_space(self) -> None:
        if len(self.rooms) < MAX_ROOMS:
            return
        for name in [name for name, room in self.rooms.items() if not len(room.sessions)]:
            del self.rooms[name]
