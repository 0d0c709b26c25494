"""Which nodes live on PostgreSQL, by the clock: those heard of within their own row's lease.

That is enough to refuse a migration or a name that is in use. A clock may have been set,
though: a node is ended only after ``nodes.watch`` has seen no renewal of its lease. On SQLite
nobody asks: whoever holds the lock file is the only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.postgres.backend import NOW
from chatlog.domain.errors import LogError
from chatlog.domain.times import minus

LEASE_SECONDS: Final = 15.0
"""The default lease, and the lease of every node from before revision 0006."""

# Through JSON, because tables of an earlier revision lack the last two columns.
_NOT_ENDED: Final = sa.text(
    "SELECT id, node, name, xmin::text AS token, "  # noqa: S608 - constants
    "coalesce(to_jsonb(nodes) ->> 'renewed_at', seen_at) AS heard_at, "
    f"coalesce((to_jsonb(nodes) ->> 'lease_seconds')::float, {LEASE_SECONDS}) AS lease_seconds, "
    f"{NOW} AS now FROM nodes WHERE ended_at IS NULL ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class OpenNode:
    """A node not marked as ended; ``is_alive`` unless its lease has run out by the clock.

    Each renewal changes ``token``, even while the times stand still because a clock was set back.
    """

    number: int
    node: str
    name: str
    token: str
    lease_seconds: float
    is_alive: bool


async def open_nodes(connection: AsyncConnection) -> list[OpenNode]:
    """Return the nodes not marked as ended, in a log of any revision."""
    return [
        OpenNode(
            row.id,
            row.node,
            row.name,
            row.token,
            row.lease_seconds,
            row.heard_at >= minus(row.now, row.lease_seconds),
        )
        for row in await connection.execute(_NOT_ENDED)
    ]


async def check_all_stopped(connection: AsyncConnection) -> None:
    """Refuse an operation that needs all servers stopped while one is alive.

    Raises:
        LogError: naming a running server.
    """
    for node in await open_nodes(connection):
        if node.is_alive:
            raise LogError(
                f"The server {node.node} is running, or was killed less than "
                f"{node.lease_seconds:g} s ago. Stop it first."
            )
