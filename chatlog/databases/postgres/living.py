"""Read which nodes live on PostgreSQL; see ``databases.living``."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.living import LEASE_SECONDS, OpenNode
from chatlog.databases.postgres.statements import NOW
from chatlog.domain.times import minus

# Through JSON, because tables of an earlier revision lack these columns.
_NOT_ENDED: Final = sa.text(
    "SELECT id, node, name, xmin::text AS token, "  # noqa: S608 - constants
    "coalesce(to_jsonb(nodes) ->> 'renewed_at', seen_at) AS heard_at, "
    f"coalesce((to_jsonb(nodes) ->> 'lease_seconds')::float, {LEASE_SECONDS}) AS lease_seconds, "
    f"to_jsonb(nodes) ->> 'version' AS version, {NOW} AS now FROM nodes "
    "WHERE ended_at IS NULL ORDER BY id"
)


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
            row.version,
        )
        for row in await connection.execute(_NOT_ENDED)
    ]
