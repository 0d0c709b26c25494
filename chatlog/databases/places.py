"""Places in the log: the last event, and the event at a position."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Place
from chatlog.databases.schema import events, stored_bytes

START: Final = Place(0, b"")
"""The place before the first event."""

_LAST: Final = (
    sa.select(events.c.position, events.c.hash).order_by(events.c.position.desc()).limit(1)
)
_AT: Final = sa.select(events.c.position, events.c.hash).where(
    events.c.position == sa.bindparam("position")
)


async def end_place(connection: AsyncConnection) -> Place:
    """Return the place of the log's last event."""
    row = (await connection.execute(_LAST)).first()
    return START if row is None else place_of(row)


async def place_at(connection: AsyncConnection, position: int) -> Place | None:
    """Return the place of the event at a position; None if the log has none there."""
    if not position:
        return START
    row = (await connection.execute(_AT, {"position": position})).first()
    return None if row is None else place_of(row)


def place_of(row: Any) -> Place:
    """Return the place of a row with a position and a hash.

    Raises:
        LogError: if the hash is not bytes.
    """
    return Place(row.position, stored_bytes(row.hash))
