"""Find everything that a log holds of one person: names, events by and about them, looks.

An erasure of the person erases the content of exactly these events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.proofs import PROVED, all_proved
from chatlog.databases.schema import events, looks, rooms
from chatlog.eventlog.steps.erasing import OF_PEOPLE, find_people, people_asked
from chatlog.kinds.proof import Proved

_POSITIONS: Final = sa.select(events.c.position).where(OF_PEOPLE).order_by(events.c.position)
_AT: Final = PROVED.where(
    events.c.position.in_(sa.bindparam("positions", expanding=True))
).order_by(events.c.position)
_LOOKS: Final = (
    sa.select(looks.c.at, looks.c.what, rooms.c.room, looks.c.seq)
    .select_from(looks.outerjoin(rooms, rooms.c.id == looks.c.room_id))
    .where(looks.c.user_id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(looks.c.id)
)


@dataclass(frozen=True, slots=True)
class Look:
    """Something that the person looked at by a scope; without a room, the list of rooms."""

    at: str
    what: str
    room: str | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What a log holds of a person; ``positions`` are those of events by or about them."""

    names: tuple[str, ...]
    subjects: tuple[str, ...]
    positions: tuple[int, ...]
    looks: tuple[Look, ...]


async def on_record(
    connection: AsyncConnection, username: str | None, subject: str | None
) -> OnRecord:
    """Return what the log holds of the people of this name, or of this subject.

    Raises:
        Refused: if there is nobody.
    """
    people = await find_people(connection, username, subject)
    asked = people_asked(people)
    positions = (await connection.execute(_POSITIONS, asked)).scalars().all()
    found = await connection.execute(_LOOKS, {"numbers": asked["numbers"]})
    return OnRecord(
        tuple(dict.fromkeys(user.name for user in people if user.name is not None)),
        tuple(dict.fromkeys(u.subject.subject for u in people if u.subject and u.subject.subject)),
        tuple(positions),
        tuple(Look(row.at, row.what, row.room, row.seq) for row in found),
    )


async def read_at(
    connection: AsyncConnection, positions: Sequence[int], *, page: int
) -> AsyncIterator[list[Proved]]:
    """Yield the events at these positions with their proofs, in order, a page at a time."""
    for first in range(0, len(positions), page):
        asked = {"positions": positions[first : first + page]}
        yield all_proved((await connection.execute(_AT, asked)).all())
