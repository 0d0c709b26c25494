"""Leases: a node's row says until when it was surely alive.

Every append renews it under the log's lock; a quiet node renews it by itself. A node is
dead once its row is ended, and whoever ends it holds the same lock: so a node that
slept past its lease either finds its row as it was, and goes on, or finds it ended
and can append nothing more.
"""

from __future__ import annotations

import secrets
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.errors import LeaseLost, LogError
from chatlog.eventlog.append import Node
from chatlog.eventlog.database import Database
from chatlog.eventlog.postgres import LOG_LOCK
from chatlog.eventlog.schema import nodes
from chatlog.nodes.clock import now

_FORMER_SELVES: Final = (
    nodes.update()
    .where(nodes.c.name == sa.bindparam("same"), nodes.c.ended_at.is_(None))
    .values(ended_at=sa.bindparam("now"))
)
_ALL_OTHERS: Final = (
    nodes.update().where(nodes.c.ended_at.is_(None)).values(ended_at=sa.bindparam("now"))
)


async def begin(database: Database, name: str, *, alone: bool) -> Node:
    """Enter this process into the log; nodes whose death is certain are ended.

    That is every other one when the caller is ``alone`` (it holds SQLite's lock file),
    else the ones of the same name, which this process replaces.
    """
    async with database.write() as connection, connection.begin():
        await take_log_lock(database, connection)
        at = await now(database, connection)
        await connection.execute(
            _ALL_OTHERS if alone else _FORMER_SELVES, {"now": at, "same": name}
        )
        last = await connection.execute(sa.select(sa.func.coalesce(sa.func.max(nodes.c.id), 0)))
        node = Node(f"{name}.{secrets.token_hex(4)}", int(last.scalar_one()) + 1)
        await connection.execute(
            nodes.insert(),
            {"id": node.number, "node": node.name, "name": name, "started_at": at, "seen_at": at},
        )
    return node


async def renew(database: Database, node: Node) -> None:
    """Say that this node is alive.

    Raises:
        LeaseLost: if it has been ended by another.
    """
    async with database.write() as connection, connection.begin():
        await database.backend.lock(connection, node.number)


async def end(database: Database, node: Node) -> None:
    """Say that this node has stopped by itself."""
    async with database.write() as connection, connection.begin():
        try:
            await database.backend.lock(connection, node.number)
        except LeaseLost:
            return
        ended = nodes.update().where(nodes.c.id == node.number)
        await connection.execute(ended.values(ended_at=await now(database, connection)))


async def end_expired(database: Database, lease_seconds: float) -> None:
    """End the nodes that have not been heard of for a whole lease."""
    async with database.write() as connection, connection.begin():
        await take_log_lock(database, connection)
        at = await now(database, connection)
        before = await now(database, connection, minus_seconds=lease_seconds)
        expired = nodes.update().where(nodes.c.ended_at.is_(None), nodes.c.seen_at < before)
        await connection.execute(expired.values(ended_at=at))


async def check_all_stopped(database: Database, connection: AsyncConnection, within: float) -> None:
    """Refuse what needs the servers stopped while one was heard of within so many seconds.

    On SQLite the lock file has said so already.

    Raises:
        LogError: naming a server that runs.
    """
    if database.backend.name != "postgresql":
        return
    since = await now(database, connection, minus_seconds=within)
    alive = sa.and_(nodes.c.ended_at.is_(None), nodes.c.seen_at >= since)
    found = await connection.execute(sa.select(nodes.c.node).where(alive).order_by(nodes.c.id))
    if (node := found.scalars().first()) is not None:
        raise LogError(f"The server {node} is running. Stop it first.")


async def take_log_lock(database: Database, connection: AsyncConnection) -> None:
    """Take the log's lock without appending. On SQLite the transaction has it already."""
    if database.backend.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOG_LOCK)))
