"""List the looks at a room, page by page, in order of time.

A page begins beside a place in that order, not beside a look: a reader continues even if that
look was erased meanwhile, with the person who looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import Room
from chatlog.databases.schema import looks, subjects, users
from chatlog.eventlog.steps.looks import What

_AT: Final = sa.bindparam("at", type_=sa.Text)
_NUMBER: Final = sa.bindparam("number", type_=sa.BigInteger)
_LOOKS: Final = (
    sa.select(
        looks.c.at, looks.c.id, subjects.c.subject, users.c.username, looks.c.what, looks.c.seq
    )
    .join(users, users.c.id == looks.c.user_id)
    .outerjoin(subjects, subjects.c.id == users.c.subject_id)
    .where(looks.c.room_id == sa.bindparam("room"))
    .limit(sa.bindparam("limit"))
)
_BACKWARD: Final = _LOOKS.order_by(looks.c.at.desc(), looks.c.id.desc())
_FORWARD: Final = _LOOKS.order_by(looks.c.at, looks.c.id)
# Not a comparison of rows: these conditions bound the range of the index by `at`.
_BEFORE: Final = _BACKWARD.where(looks.c.at <= _AT, sa.or_(looks.c.at < _AT, looks.c.id < _NUMBER))
_AFTER: Final = _FORWARD.where(looks.c.at >= _AT, sa.or_(looks.c.at > _AT, looks.c.id > _NUMBER))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of looks: a time, and a look's number among those of that time."""

    at: str
    number: int


@dataclass(frozen=True, slots=True)
class Look:
    """One look. ``subject`` and ``username`` are None once erased, ``seq`` if it was of no seq."""

    at: str
    number: int
    subject: str | None
    username: str | None
    what: What
    seq: int | None

    @property
    def place(self) -> Place:
        """Where the look stands in the order."""
        return Place(self.at, self.number)


@dataclass(frozen=True, slots=True)
class LooksPage:
    """Some looks in order of time, and whether there are others on either side of them."""

    looks: Sequence[Look]
    more_before: bool
    more_after: bool


NO_LOOKS: Final = LooksPage((), more_before=False, more_after=False)


async def looks_before(
    connection: AsyncConnection, room: Room, place: Place | None, *, limit: int
) -> LooksPage:
    """Return the last looks at a room before a place (None: the newest), at most ``limit``."""
    if place is None:
        found = await _read(connection, _BACKWARD, room, limit + 1)
        return LooksPage(found[limit - 1 :: -1], len(found) > limit, more_after=False)
    found = await _read(connection, _BEFORE, room, limit + 1, place)
    later = await _read(connection, _AFTER, room, 1, Place(place.at, place.number - 1))
    return LooksPage(found[limit - 1 :: -1], len(found) > limit, bool(later))


async def looks_after(
    connection: AsyncConnection, room: Room, place: Place, *, limit: int
) -> LooksPage:
    """Return the first looks at a room after a place, at most ``limit``."""
    found = await _read(connection, _AFTER, room, limit + 1, place)
    earlier = await _read(connection, _BEFORE, room, 1, Place(place.at, place.number + 1))
    return LooksPage(found[:limit], bool(earlier), len(found) > limit)


async def _read(
    connection: AsyncConnection,
    statement: sa.Select[Any],
    room: Room,
    limit: int,
    place: Place | None = None,
) -> list[Look]:
    asked: dict[str, object] = {"room": room.number, "limit": limit}
    if place is not None:
        asked |= {"at": place.at, "number": place.number}
    return [Look(*row) for row in await connection.execute(statement, asked)]
