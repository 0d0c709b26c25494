"""The reaper: finds the sessions that dead nodes left open, to close them once.

It only returns the leaves that are due. They go through the committer like all others, so two
reapers cannot close a session twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatlog.databases.database import Database
from chatlog.databases.schema import events, nodes, rooms, sessions
from chatlog.kinds.leave import Cause, Leave

_LAST_AT: Final = (
    sa.select(events.c.at)
    .where(events.c.room_id == rooms.c.id)
    .order_by(events.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)


def _not_surely_there(of_nodes: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(
            rooms.c.room,
            sessions.c.session,
            sessions.c.joined_at,
            nodes.c.renewed_at,
            nodes.c.seen_at,
            _LAST_AT.label("last_at"),
        )
        .select_from(sessions.join(rooms).join(nodes))
        .where(sessions.c.left_seq.is_(None), of_nodes)
        .order_by(sessions.c.room_id, sessions.c.joined_seq)
    )


_LEFT_OPEN: Final = _not_surely_there(nodes.c.ended_at.is_not(None)).limit(sa.bindparam("limit"))
# The people of an import were present in its story, not now.
_OF: Final = _not_surely_there(
    sa.or_(nodes.c.ended_at.is_not(None), nodes.c.renewed_at.is_not(None))
).where(sessions.c.session.in_(sa.bindparam("sessions", expanding=True)))
_MOST_AT_ONCE: Final = 500


async def leaves_due(database: Database, *, limit: int = 10_000) -> list[Leave]:
    """Return a leave for each open session of an ended node, ``lapsed``.

    ``last_seen_at`` is the later of the session's join and the node's last sign of life, which
    each of the node's events renews.
    """
    async with database.read() as connection:
        return [_lapse(row) for row in await connection.execute(_LEFT_OPEN, {"limit": limit})]


async def endings(
    database: Database, open_sessions: Sequence[tuple[str, str]], cause: Cause
) -> list[Leave]:
    """Return a leave for each of these open sessions, given with their rooms.

    Its cause is the given one if a living node serves the session; sessions of dead nodes and of
    imports lapse.
    """
    lapses: dict[str, Leave] = {}
    async with database.read() as connection:
        for start in range(0, len(open_sessions), _MOST_AT_ONCE):
            asked = [session for _, session in open_sessions[start : start + _MOST_AT_ONCE]]
            for row in await connection.execute(_OF, {"sessions": asked}):
                lapses[row.session] = _lapse(row)
    return [lapses.get(session) or Leave(room, session, cause) for room, session in open_sessions]


def _lapse(row: Any) -> Leave:
    # An import's story broke off there. At the present day the leave would end it for good: a
    # room's time never goes back, and the import could not be continued.
    at = None if row.renewed_at is None else row.last_at
    seen_at = max(row.seen_at, row.joined_at)
    return Leave(row.room, row.session, "lapsed", last_seen_at=seen_at, at=at)
