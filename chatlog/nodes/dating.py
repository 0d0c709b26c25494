"""Backdate a node's row, for a past that is written all at once, as in the demo."""

from __future__ import annotations

from chatlog.databases.database import Database
from chatlog.databases.schema import nodes
from chatlog.eventlog.append import Node


async def date_back(
    database: Database,
    node: Node,
    *,
    started_at: str | None = None,
    seen_at: str | None = None,
    ended_at: str | None = None,
) -> None:
    """Set when a node started, was last seen and ended; None leaves a time unchanged."""
    times = {"started_at": started_at, "seen_at": seen_at, "ended_at": ended_at}
    given = {name: at for name, at in times.items() if at is not None}
    async with database.write() as connection, connection.begin():
        await connection.execute(nodes.update().where(nodes.c.id == node.number).values(given))
