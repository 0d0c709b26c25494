"""The database's clock, in the log's format."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.domain.times import minus


async def now(
    database: Database, connection: AsyncConnection, *, minus_seconds: float = 0.0
) -> str:
    """Return the database's time, or a time that many seconds earlier."""
    return minus(await database.backend.now(connection), minus_seconds)
