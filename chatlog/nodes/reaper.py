"""The reaper: finds what dead nodes left open and has it closed, once.

It only says which leaves are due. They go through the committer like anybody's, so two
reapers cannot close a session twice.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatlog.domain.commands import Leave
from chatlog.eventlog.database import Database
from chatlog.eventlog.schema import nodes, rooms, sessions

_LEFT_OPEN: Final = (
    sa.select(
        rooms.c.room, sessions.c.session, sessions.c.joined_at, nodes.c.seen_at.label("seen_at")
    )
    .select_from(sessions.join(rooms).join(nodes))
    .where(sessions.c.left_seq.is_(None), nodes.c.ended_at.is_not(None))
    .order_by(sessions.c.room_id, sessions.c.joined_seq)
    .limit(sa.bindparam("limit"))
)


async def leaves_due(database: Database, *, limit: int = 10_000) -> list[Leave]:
    """Return a leave for each open session of an ended node, ``lapsed``.

    ``last_seen_at`` is the later of the node's last sign of life, which every event of
    its renews, and the session's join.
    """
    async with database.read() as connection:
        found = (await connection.execute(_LEFT_OPEN, {"limit": limit})).all()
    return [
        Leave(row.room, row.session, "lapsed", last_seen_at=max(row.seen_at, row.joined_at))
        for row in found
    ]
