"""Read the log: its end, or a range of one room's seqs.

Each function runs inside the caller's snapshot and reads a bounded number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import MEMBER, events, rooms, users
from chatlog.eventlog.rows import STORED, all_recorded
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import EVENT_TYPES

_users: Final = users.alias("of_subject")
_END: Final = sa.select(sa.func.coalesce(sa.func.max(events.c.position), 0))
_HEAD: Final = (
    sa.select(sa.func.max(events.c.seq))
    .where(events.c.room_id == sa.bindparam("room"))
    .scalar_subquery()
)
_NUMBER_AND_HEAD: Final = sa.select(
    rooms.c.id,
    sa.select(sa.func.max(events.c.seq))
    .where(events.c.room_id == rooms.c.id)
    .scalar_subquery()
    .label("head"),
).where(rooms.c.room == sa.bindparam("name"))
_ROOM: Final = sa.select(rooms.c.id).where(rooms.c.room == sa.bindparam("name"))

_OF_ROOM: Final = events.c.room_id == sa.bindparam("room")
_ROOM_EVENTS: Final = STORED.where(_OF_ROOM, events.c.type == "room")
_MEMBERS: Final = STORED.where(_OF_ROOM, events.c.type == MEMBER)
# The partial index events_members has the ids of the users that member events are about.
_MEMBERS_OF: Final = _MEMBERS.where(
    events.c.of.in_(sa.select(_users.c.uuid).where(_users.c.subject_id == sa.bindparam("subject")))
)
_IN_ROOM: Final = STORED.where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.between(sa.bindparam("first"), sa.bindparam("last")),
).limit(sa.bindparam("limit"))
_UP: Final = _IN_ROOM.order_by(events.c.seq)
_DOWN: Final = _IN_ROOM.order_by(events.c.seq.desc())
_OF_TYPE: Final = events.c.type == sa.bindparam("type")
_UP_OF_TYPE: Final = _UP.where(_OF_TYPE)
_DOWN_OF_TYPE: Final = _DOWN.where(_OF_TYPE)


async def newest_time(connection: AsyncConnection) -> str | None:
    """Return the time of the log's last event; None if it is empty."""
    newest = sa.select(events.c.at).order_by(events.c.position.desc()).limit(1)
    found: str | None = (await connection.execute(newest)).scalar()
    return found


async def end(connection: AsyncConnection) -> int:
    """Return the log's last position; 0 if it is empty."""
    return int((await connection.execute(_END)).scalar_one())


async def room_number(connection: AsyncConnection, name: str) -> int | None:
    """Return the number of the room of this name; None if it has no events."""
    return (await connection.execute(_ROOM, {"name": name})).scalar()


async def number_and_head(connection: AsyncConnection, name: str) -> tuple[int, int] | None:
    """Return the number and the last seq of the room of this name; None if it has no events."""
    row = (await connection.execute(_NUMBER_AND_HEAD, {"name": name})).first()
    return None if row is None else (row.id, row.head)


async def room_head(connection: AsyncConnection, room: int) -> int:
    """Return the last seq of a room, given by number."""
    return int((await connection.execute(sa.select(_HEAD), {"room": room})).scalar_one())


async def governing_events(
    connection: AsyncConnection, room: int, subject: int | None
) -> list[Recorded]:
    """Return a room's events about rights, in order; of roles only a subject's, if it is given."""
    asked = {"room": room, "subject": subject}
    rows = list(await connection.execute(_ROOM_EVENTS, asked))
    rows += await connection.execute(_MEMBERS if subject is None else _MEMBERS_OF, asked)
    rows.sort(key=lambda row: row.seq)
    return all_recorded(rows)


async def read_room(
    connection: AsyncConnection,
    room: int,
    first: int,
    last: int,
    *,
    limit: int,
    types: Sequence[str] = EVENT_TYPES,
    users: Sequence[int] | None = None,
    newest: bool = False,
) -> list[Recorded]:
    """Return the room's events of these types and users with ``first <= seq <= last``, in order.

    If there are more than ``limit``, returns the first ones, or the last with ``newest``. Queries
    each type separately: with several at once, both databases read the whole room.
    """
    values = {"room": room, "first": first, "last": last, "limit": limit}
    if set(types) >= set(EVENT_TYPES):
        rows = list(await connection.execute(_of(_DOWN if newest else _UP, users), values))
    else:
        rows = []
        for type_ in set(types):
            query = _of(_DOWN_OF_TYPE if newest else _UP_OF_TYPE, users)
            rows += await connection.execute(query, values | {"type": type_})
    rows.sort(key=lambda row: row.seq)
    return all_recorded(rows[-limit:] if newest else rows[:limit])


def _of(query: sa.Select[Any], users: Sequence[int] | None) -> sa.Select[Any]:
    return query if users is None else query.where(events.c.user_id.in_(users))
