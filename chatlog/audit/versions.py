"""Versions: what to compare so as to know whether an answer about a room still holds.

Appending moves the head, and so does erasing, which is an event. So the head's hash
names one state of everything that can be said about the room. A page that lies wholly in
the past outlives that: it changes only when something is erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.moments import Room
from chatlog.eventlog import lookup
from chatlog.eventlog.schema import events

_LATEST: Final = (
    sa.select(events.c.hash)
    .where(events.c.room_id == sa.bindparam("room"))
    .order_by(events.c.seq.desc())
    .limit(1)
)
# By the index events_erasures; the condition has to stand here as it does there.
_ERASED: Final = _LATEST.where(sa.text("events.type = 'erasure'"))


@dataclass(frozen=True, slots=True)
class Version:
    """A room's state: the hash of its head and of its last erasure, each 16 digits."""

    room: int
    head: str
    erased: str

    @property
    def now(self) -> str:
        """What names this state of the room: another one after the next event."""
        return self.head

    async def past(self, connection: AsyncConnection, last: int) -> str | None:
        """Return what names the room up to ``last`` until something is erased."""
        there = await lookup.hash_at(connection, self.room, last)
        return None if there is None else f"{last}.{_digits(there)}.{self.erased}"

    async def is_current(self, connection: AsyncConnection, name: str) -> bool:
        """Return whether what was given by ``now`` or ``past`` still names this room's state."""
        last, dot, _ = name.partition(".")
        if not dot:
            return name == self.now
        is_seq = last.isascii() and last.isdigit() and len(last) < 19
        return is_seq and await self.past(connection, int(last)) == name


async def read_version(connection: AsyncConnection, room: Room) -> Version:
    """Return the state of a room in the caller's snapshot."""
    head = await _hash(connection, _LATEST, room.number)
    return Version(room.number, head, await _hash(connection, _ERASED, room.number))


async def _hash(connection: AsyncConnection, statement: sa.Select[Any], room: int) -> str:
    found = (await connection.execute(statement, {"room": room})).scalar()
    return "0" if found is None else _digits(found)


def _digits(found: bytes) -> str:
    return bytes(found)[:8].hex()
