"""The database's clock, as the log writes times."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.times import minus
from chatlog.eventlog.database import Database


async def now(
    database: Database, connection: AsyncConnection, *, minus_seconds: float = 0.0
) -> str:
    """Return the database's time, or so many seconds before it."""
    return minus(await database.backend.now(connection), minus_seconds)
