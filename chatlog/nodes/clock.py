"""The database's clock, as the log writes times."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.times import minus
from chatlog.eventlog.database import Database
from chatlog.eventlog.postgres import NOW
from chatlog.eventlog.sqlite import now_text


async def now(
    database: Database, connection: AsyncConnection, *, minus_seconds: float = 0.0
) -> str:
    """Return the database's time, or so many seconds before it."""
    if database.backend.name == "postgresql":
        at = str((await connection.execute(sa.text(f"SELECT {NOW}"))).scalar_one())
    else:
        at = now_text()
    return minus(at, minus_seconds)
