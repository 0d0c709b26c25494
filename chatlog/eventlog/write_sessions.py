"""Write the sessions that the events of one transaction begin and end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import sessions

OPEN: Final = sessions.insert()
"""Begins sessions, given the rows of ``session_opened``."""
_ENDS: Final = ("left_seq", "left_at", "cause", "last_seen_at")
CLOSE: Final = (
    sessions.update()
    .where(sessions.c.session == sa.bindparam("ended"))
    .values({name: sa.bindparam(name) for name in _ENDS})
)
"""Ends sessions, given the rows of ``session_closed``."""
_STILL_OPEN: Final[dict[str, Any]] = dict.fromkeys(_ENDS)


async def write_sessions(
    connection: AsyncConnection, opened: Sequence[dict[str, Any]], closed: Sequence[dict[str, Any]]
) -> None:
    """Insert the sessions that begin, and end those that were there before.

    Imports have many that do both in one transaction. Such a session is inserted as it ends: an
    UPDATE would move it in three indexes, which takes as long as to insert it.
    """
    if opened:
        new = {row["session"]: row for row in opened}
        ends, closed = _parted(closed, new)
        if ends:
            opened = [row | ends.get(row["session"], _STILL_OPEN) for row in opened]
        await connection.execute(OPEN, opened)
    if closed:
        await connection.execute(CLOSE, closed)


def _parted(
    closed: Iterable[dict[str, Any]], new: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Return the ends of new sessions, by session, and the rows of the others."""
    ends, others = {}, []
    for row in closed:
        if row["ended"] in new:
            ends[row["ended"]] = {name: row[name] for name in _ENDS}
        else:
            others.append(row)
    return ends, others
