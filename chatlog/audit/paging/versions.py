"""Versions: tags that tell whether an answer about a room is still valid.

Appending moves the head, and so does erasing, which appends an event. So the head's hash
identifies one state of the whole room. A page entirely in the past stays valid longer: it
changes only when something is erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import Room
from chatlog.databases.schema import events, stored_bytes
from chatlog.eventlog import lookup

_LATEST: Final = (
    sa.select(events.c.hash)
    .where(events.c.room_id == sa.bindparam("room"))
    .order_by(events.c.seq.desc())
    .limit(1)
)
# Uses the partial index events_erasures, so the condition must equal the index's.
_ERASED: Final = _LATEST.where(sa.text("events.type = 'erasure'"))


@dataclass(frozen=True, slots=True)
class Version:
    """A room's state: the hash of its head and of its last erasure, each 16 digits."""

    room: int
    head: str
    erased: str

    @property
    def now(self) -> str:
        """The tag of this state of the room; the next event changes it."""
        return self.head

    async def past(self, connection: AsyncConnection, last: int) -> str | None:
        """Return the tag of the room up to ``last``; only an erasure changes it."""
        there = await lookup.hash_at(connection, self.room, last)
        return None if there is None else f"{last}.{_digits(there)}.{self.erased}"

    async def is_current(self, connection: AsyncConnection, name: str) -> bool:
        """Return whether a tag from ``now`` or ``past`` is still valid."""
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
    return stored_bytes(found)[:8].hex()
