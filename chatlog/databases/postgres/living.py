"""Read which nodes live on PostgreSQL (see ``databases.living``), and end what one left stuck."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.living import LEASE_SECONDS, OpenNode
from chatlog.databases.postgres import limits
from chatlog.databases.postgres.bell import APPLICATION
from chatlog.databases.postgres.statements import NOW, SCHEMA
from chatlog.domain.times import minus

# Through JSON, because tables of an earlier revision lack these columns.
_NOT_ENDED: Final = sa.text(
    "SELECT id, node, name, xmin::text AS token, "  # noqa: S608 - constants
    "coalesce(to_jsonb(nodes) ->> 'renewed_at', seen_at) AS heard_at, "
    f"coalesce((to_jsonb(nodes) ->> 'lease_seconds')::float, {LEASE_SECONDS}) AS lease_seconds, "
    f"to_jsonb(nodes) ->> 'version' AS version, {NOW} AS now FROM nodes "
    "WHERE ended_at IS NULL ORDER BY id"
)

# Between two statements a connection is "idle in transaction", and the server's own limit applies.
_END_STUCK: Final = sa.text(
    "SELECT count(pg_terminate_backend(pid)) "  # noqa: S608 - a constant
    "FROM pg_stat_activity JOIN pg_locks USING (pid) "
    f"WHERE datname = current_database() AND relation = to_regclass('{SCHEMA}.meta') "
    "AND mode = 'ExclusiveLock' AND granted AND state = 'active' AND wait_event = 'ClientRead' "
    "AND state_change < clock_timestamp() - :seconds * interval '1 second'"
)

# A process that listens, and is stopped, keeps PostgreSQL from removing notifications; a full queue
# fails the commits of whoever notifies, other programs included.
_CLOGGED: Final = sa.text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = :listens AND wait_event = 'ClientWrite'"
)
_END: Final = sa.text(
    "SELECT count(pg_terminate_backend(pid)) FROM unnest(CAST(:pids AS int[])) AS pid"
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


async def end_stuck(connection: AsyncConnection) -> int:
    """End connections that hold the log's lock in the middle of a statement, for ten seconds now.

    Returns their number. A role can end only its own connections; those of others stay.
    """
    found = await connection.execute(_END_STUCK, {"seconds": limits.IDLE_SECONDS})
    return int(found.scalar_one())


async def end_clogged(connection: AsyncConnection, before: Set[int]) -> Set[int]:
    """End connections that listen and take nothing, now and when this was asked ``before``.

    Returns those that take nothing now, for the next time.
    """
    found = set((await connection.execute(_CLOGGED, {"listens": APPLICATION})).scalars())
    if both := found & before:
        await connection.execute(_END, {"pids": sorted(both)})
    return found - before
