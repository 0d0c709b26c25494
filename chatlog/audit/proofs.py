"""Read events with their proofs, as an export carries and ``verify`` checks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, users
from chatlog.eventlog.rows import STORED, recorded, unreadable
from chatlog.kinds.contents import salts_in
from chatlog.kinds.event import Proof, Proved

PROVED: Final = STORED.add_columns(
    rooms.c.uuid.label("room_uuid"),
    users.c.salt.label("name_salt"),
    events.c.text_commitment,
    events.c.text_salt,
)
"""``STORED`` with what proves an event; ``proved`` takes its rows."""
_AT: Final = PROVED.where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
).order_by(events.c.seq)


async def read_proved_at(
    connection: AsyncConnection, room: int, seqs: Sequence[int]
) -> list[Proved]:
    """Return a room's events at these seqs, at most a page, with their proofs."""
    asked = {"room": room, "seqs": seqs}
    return [proved(row) for row in await connection.execute(_AT, asked)]


def proved(row: sa.Row[Any]) -> Proved:
    """Return the event and proof in a row of ``PROVED``.

    Raises:
        LogError: from ``recorded``, or if a commitment or a salt is not bytes.
    """
    event = recorded(row)
    sealed = (row.name_salt, row.text_commitment, row.text_salt)
    try:
        name_salt, commitment, salt = map(_bytes, sealed)
    except TypeError as error:  # SQLite stores any type in any column
        raise unreadable(row) from error
    salts = salts_in(row.contents)
    return Proved(event, Proof(row.room_uuid, name_salt, commitment, salt, row.details, salts))


def _bytes(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)
