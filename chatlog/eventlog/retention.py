"""How long rooms keep their texts: the rules, and what is due under them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.errors import Refused
from chatlog.eventlog.append import Batch
from chatlog.eventlog.read import room_number
from chatlog.eventlog.schema import events, retention, rooms, sessions, users
from chatlog.eventlog.writer import Step

_ALL: Final = (
    sa.select(rooms.c.room, retention.c.days, retention.c.names)
    .select_from(retention.join(rooms))
    .order_by(rooms.c.room)
)
_OLD_CHATS: Final = (
    sa.select(events.c.seq)
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.at < sa.bindparam("before"),
        events.c.type == "chat",
        events.c.text.is_not(None),
    )
    .order_by(events.c.seq)
    .limit(sa.bindparam("limit"))
)
_any_stay = sessions.alias()
_OLD_NAMES: Final = (
    sa.select(users.c.username)
    .where(
        users.c.username.is_not(None),
        users.c.id.in_(
            sa.select(sessions.c.user_id).where(sessions.c.room_id == sa.bindparam("room"))
        ),
        ~sa.exists().where(
            _any_stay.c.user_id == users.c.id,
            sa.or_(_any_stay.c.left_at.is_(None), _any_stay.c.left_at >= sa.bindparam("before")),
        ),
    )
    .order_by(users.c.id)
    .limit(sa.bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A room keeps texts for so many days; with ``names``, people for as long after they left."""

    room: str
    days: int
    names: bool


async def rules(connection: AsyncConnection) -> list[Rule]:
    """Return every rule, by room."""
    return [Rule(row.room, row.days, row.names) for row in await connection.execute(_ALL)]


def set_rule(room: str, rule: Rule | None) -> Step[None]:
    """Return the step that replaces a room's rule; None keeps its texts for ever again.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """

    async def step(connection: AsyncConnection, _batch: Batch) -> None:
        number = await _number(connection, room)
        await connection.execute(retention.delete().where(retention.c.room_id == number))
        if rule is not None:
            row = {"room_id": number, "days": rule.days, "names": rule.names}
            await connection.execute(retention.insert(), row)

    return step


async def old_chats(
    connection: AsyncConnection, room: str, before: str, *, limit: int
) -> list[int]:
    """Return the seqs of the oldest chats from before a time that have not been erased."""
    number = await _number(connection, room)
    found = await connection.execute(_OLD_CHATS, {"room": number, "before": before, "limit": limit})
    return list(found.scalars())


async def old_names(
    connection: AsyncConnection, room: str, before: str, *, limit: int
) -> list[str]:
    """Return who has been in the room, and in no room at all since a time."""
    number = await _number(connection, room)
    found = await connection.execute(_OLD_NAMES, {"room": number, "before": before, "limit": limit})
    return list(found.scalars())


async def _number(connection: AsyncConnection, room: str) -> int:
    number = await room_number(connection, room)
    if number is None:
        raise Refused("room_unknown", "There is no room of this name.")
    return number
