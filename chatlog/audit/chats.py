"""Count the chats of rooms without counting any of them twice.

Events are only ever added, so a count up to a seq holds for ever: it is kept in memory, and the
next question counts what has come since, in the index of a room's types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events

MAX_ROOMS: Final = 100_000
"""Rooms whose counts are kept: about 20 MB."""

_ASKED: Final = sa.values(
    sa.column("room", sa.BigInteger),
    sa.column("after", sa.BigInteger),
    sa.column("head", sa.BigInteger),
    name="asked",
)


class ChatCounts:
    """The chats of rooms, each up to a seq."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[int, int]] = {}

    async def count(self, connection: AsyncConnection, heads: Mapping[int, int]) -> dict[int, int]:
        """Return the numbers of chats up to the heads of rooms, which are given by number."""
        counts: dict[int, int] = {}
        asked: list[tuple[int, int, int]] = []
        for room, head in heads.items():
            seq, counts[room] = self._counted.get(room, (0, 0))
            if seq > head:  # another reader was faster and saw a later head
                seq, counts[room] = 0, 0
            if seq < head:
                asked.append((room, seq, head))
        for room, chats in await _chats_between(connection, asked):
            counts[room] += chats
            self._keep(room, heads[room], counts[room])
        return counts

    def _keep(self, room: int, seq: int, chats: int) -> None:
        self._counted.pop(room, None)
        self._counted[room] = (seq, chats)  # the last that changed, the last to go
        if len(self._counted) > MAX_ROOMS:
            del self._counted[next(iter(self._counted))]


async def _chats_between(
    connection: AsyncConnection, asked: Sequence[tuple[int, int, int]]
) -> Iterable[tuple[int, int]]:
    if not asked:
        return ()
    wanted = _ASKED.data(asked).cte()
    chats = (
        sa.select(sa.func.count())
        .where(events.c.room_id == wanted.c.room, events.c.type == "chat")
        .where(events.c.seq > wanted.c.after, events.c.seq <= wanted.c.head)
        .scalar_subquery()
    )
    found = await connection.execute(sa.select(wanted.c.room, chats))
    return [(room, chats) for room, chats in found]
