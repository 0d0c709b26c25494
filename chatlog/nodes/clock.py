"""The database's clock, as the log writes times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.eventlog.database import Database
from chatlog.eventlog.postgres import NOW

FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


async def now(
    database: Database, connection: AsyncConnection, *, minus_seconds: float = 0.0
) -> str:
    """Return the database's time, or so many seconds before it."""
    if database.backend.name == "postgresql":
        text = str((await connection.execute(sa.text(f"SELECT {NOW}"))).scalar_one())
        at = datetime.strptime(text, FORMAT).replace(tzinfo=UTC)
    else:
        at = datetime.now(UTC)
    return (at - timedelta(seconds=minus_seconds)).strftime(FORMAT)
