"""Check that a standby's snapshot is not behind its primary.

A standby may lag, and it may be ahead: it shows a commit that the primary still keeps back until
the standby has confirmed it. After a fail-over it may also follow a primary that is no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.errors import LogError

# Chatlog's commits are visible only once they are flushed. What is inserted but not flushed is of
# no visible commit, and a standby may wait for it for as long as the WAL writer sleeps (200 ms).
_PRIMARY: Final = sa.text(
    "SELECT pg_current_wal_flush_lsn()::text, (SELECT coalesce(max(position), 0) FROM events)"
)
_REPLAYED: Final = sa.text(
    "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= CAST(CAST(:wal AS text) AS pg_lsn)"
)


@dataclass(frozen=True, slots=True)
class End:
    """How far the primary is: its place in the WAL, and the log's last position."""

    wal: str
    position: int


async def end_of(primary: AsyncConnection) -> End:
    """Return how far the primary is now."""
    wal, position = (await primary.execute(_PRIMARY)).one()
    return End(wal, position)


async def has_replayed(standby: AsyncConnection, end: End) -> bool:
    """Return whether the next snapshot on the standby has what the primary had.

    That includes what no event tells of, such as a node's last sign of life.

    Raises:
        LogError: if it is no standby, or no more.
    """
    is_standby, found = (await standby.execute(_REPLAYED, {"wal": end.wal})).one()
    if not is_standby:
        raise LogError("the server at --read-database is not a standby")
    return bool(found)
