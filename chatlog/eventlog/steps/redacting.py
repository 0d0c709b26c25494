"""Redact on behalf of a person: the rights of the room decide what they may erase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, users
from chatlog.domain.identity import Identity
from chatlog.domain.rights import authorize
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step
from chatlog.eventlog.steps.erasing_texts import check_erasable, erase_texts
from chatlog.kinds.event import Recorded
from chatlog.kinds.person import acting, asker
from chatlog.kinds.registry import MESSAGE_TYPES

_AUTHORS: Final = (
    sa.select(events.c.seq, events.c.type, users.c.subject_id)
    .select_from(events.join(users))
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
    )
)


def redact_as(
    author: Identity,
    room_name: str,
    seqs: Sequence[int],
    reason: str,
    *,
    redact_own: bool,
    via: str | None = None,
) -> Step[list[Recorded]]:
    """Return the step that erases texts, topics or reasons of one room; it returns the erasures.

    With ``redact_own``, everybody may erase their own chats.

    Raises:
        Refused: if the author may not, or if one of the seqs has nothing to erase.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Recorded]:
        await batch.know(connection, {room_name}, set())
        await batch.know_people(connection, [author], [])
        room = batch.room(room_name)
        assert room.number is not None
        who = asker(room, batch, author)
        authorize(room.rights.rules, who, "redact_own")
        user = acting(room, batch, author)
        wanted = sorted(set(seqs))
        found = (await connection.execute(_AUTHORS, {"room": room.number, "seqs": wanted})).all()
        subject = None if user.subject is None else user.subject.number
        are_own = all(row.type in MESSAGE_TYPES and row.subject_id == subject for row in found)
        if not (redact_own and are_own):
            authorize(room.rights.rules, who, "redact")
        await check_erasable(connection, room, wanted)
        return await erase_texts(connection, batch, room, wanted, by=user, reason=reason, via=via)

    return step
