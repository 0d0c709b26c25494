"""Erase the texts of events: what a redaction, an erased person and a room's retention share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events
from chatlog.domain.errors import Refused
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.eventlog.append import Batch
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import REDACTABLE_TYPES

MAX_SEQS: Final = 500
"""Most events that one erasure names; more need several erasures."""

_CHATS: Final = sa.select(events.c.seq).where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
    events.c.type.in_(REDACTABLE_TYPES),
    events.c.text.is_not(None),
)
_DROP_TEXTS: Final = (
    events.update()
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
    )
    .values(text=None, text_salt=None, contents=None)
)


async def erase_texts(
    connection: AsyncConnection,
    batch: Batch,
    room: Room,
    seqs: Sequence[int],
    *,
    by: User,
    reason: str,
    via: str | None = None,
) -> list[Recorded]:
    """Erase the texts of these events of a room, which the batch must know; return the erasures."""
    erasures = []
    for part in _parts(seqs):
        await connection.execute(_DROP_TEXTS, {"room": room.number, "seqs": part})
        event = Erased(by, batch.node, tuple(part), reason or None)
        erasures.append(batch.record(room, event, via=via))
    return erasures


async def check_erasable(connection: AsyncConnection, room: Room, seqs: Sequence[int]) -> None:
    """Refuse to erase what has no text, or has none any more.

    Raises:
        Refused: ``bad_command``, naming the seqs.
    """
    for part in _parts(seqs):
        found = await connection.execute(_CHATS, {"room": room.number, "seqs": part})
        _check_all(part, found.scalars().all())


def _parts(seqs: Sequence[int]) -> list[Sequence[int]]:
    return [seqs[start : start + MAX_SEQS] for start in range(0, len(seqs), MAX_SEQS)]


def _check_all(wanted: Sequence[int], found: Sequence[int]) -> None:
    if missing := sorted(set(wanted) - set(found)):
        raise Refused("bad_command", f"Nothing to erase, or already erased: {missing}")
