"""Compare a standby with its primary: neither may show what the other would take back.

A standby may lag, and it may be ahead: it shows a commit that the primary still keeps back until
the standby has confirmed it. After a fail-over it may also follow a primary that is no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

# Chatlog's commits are visible only once they are flushed. What is inserted but not flushed is of
# no visible commit, and a standby may wait for it for as long as the WAL writer sleeps (200 ms).
_PRIMARY: Final = sa.text(
    "SELECT pg_current_wal_flush_lsn()::text, (SELECT coalesce(max(position), 0) FROM events)"
)
_REPLAYED: Final = sa.text(
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(CAST(:wal AS text) AS pg_lsn)"
)
_LAST: Final = sa.text("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1")
_HASH_AT: Final = sa.text("SELECT hash FROM events WHERE position = :position")


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
    """
    found = (await standby.execute(_REPLAYED, {"wal": end.wal})).scalar_one()
    return bool(found)


async def last_of(standby: AsyncConnection) -> tuple[int, bytes | None]:
    """Return the position and the hash of the last event in a snapshot; 0 and None for none."""
    row = (await standby.execute(_LAST)).first()
    return (0, None) if row is None else (row[0], row[1])


async def hash_at(primary: AsyncConnection, position: int) -> bytes | None:
    """Return the hash of the primary's event at a position, if it has one."""
    found: bytes | None = (await primary.execute(_HASH_AT, {"position": position})).scalar()
    return found
