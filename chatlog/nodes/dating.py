"""Date a node's row back: for a past that is written at once, as the demo's is."""

from __future__ import annotations

from chatlog.eventlog.append import Node
from chatlog.eventlog.database import Database
from chatlog.eventlog.schema import nodes


async def date_back(
    database: Database,
    node: Node,
    *,
    started_at: str | None = None,
    seen_at: str | None = None,
    ended_at: str | None = None,
) -> None:
    """Say when a node started, was last seen and ended; what is None stays."""
    times = {"started_at": started_at, "seen_at": seen_at, "ended_at": ended_at}
    given = {name: at for name, at in times.items() if at is not None}
    async with database.write() as connection, connection.begin():
        await connection.execute(nodes.update().where(nodes.c.id == node.number).values(given))
