"""Looks: what auditors have looked at. Each is a row, committed before its answer."""

from __future__ import annotations

from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import looks
from chatlog.domain.identity import Identity
from chatlog.eventlog import read
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step

What = Literal["users_at", "sessions", "witnesses", "verify", "proof", "read"]

_NEXT: Final = sa.select(sa.func.coalesce(sa.func.max(looks.c.id), 0) + 1)


def look(identity: Identity, what: What, room: str | None, seq: int | None) -> Step[None]:
    """Return the step that records a look at a room, as of a seq if the question has one.

    Without a room it is a look at the list of rooms.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        user = await batch.somebody(connection, identity)
        number = None if room is None else await read.room_number(connection, room)
        await connection.execute(
            looks.insert(),
            {
                "id": int((await connection.execute(_NEXT)).scalar_one()),
                "at": batch.now,
                "user_id": user.number,
                "what": what,
                "room_id": number,
                "seq": seq,
            },
        )

    return step
