"""Leases: a node's row records when the node was last known to be alive.

Every append renews the lease under the log's lock; a quiet node renews it by itself. A node is
dead once its row is marked as ended, by a node that holds the same lock. So a node that slept
past its lease finds its row either unchanged, and continues, or ended, and can append nothing
more. The lease duration is in the node's row; another node judges it by having seen no renewal
for that long, whatever the clocks say.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Backend, Locked
from chatlog.databases.database import Database
from chatlog.databases.living import LEASE_SECONDS, OpenNode
from chatlog.databases.revisions import served_revision
from chatlog.databases.schema import nodes
from chatlog.domain.errors import LeaseLost, LogError
from chatlog.domain.version import VERSION
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Node
from chatlog.nodes.clock import now

logger = logging.getLogger(__name__)

_FORMER_SELVES: Final = (
    nodes.update()
    .where(nodes.c.name == sa.bindparam("same"), nodes.c.ended_at.is_(None))
    .values(ended_at=sa.bindparam("now"))
)
_ALL_OTHERS: Final = (
    nodes.update().where(nodes.c.ended_at.is_(None)).values(ended_at=sa.bindparam("now"))
)
# Only servers report. Commands, which serve nobody, and servers of earlier versions do not.
_REPORT: Final = (
    nodes.update()
    .where(nodes.c.id == sa.bindparam("number"), nodes.c.ended_at.is_(None))
    .values(read_position=sa.bindparam("position"))
)
_UNREAD: Final = sa.select(nodes.c.id).where(
    nodes.c.ended_at.is_(None), nodes.c.read_position < sa.bindparam("position")
)
_FIRST: Final = sa.select(sa.func.min(nodes.c.id)).where(
    nodes.c.ended_at.is_(None), nodes.c.read_position.is_not(None)
)


class NameTaken(LogError):
    """A living node has the name; ``nodes`` are the nodes with it."""

    def __init__(self, name: str, nodes: Collection[OpenNode]) -> None:
        self.nodes = nodes
        super().__init__(
            f"A server named {name} is already running: give this server another --node."
        )


def unique_name(kind: str) -> str:
    """Return a unique name for a node without a given one, so that it replaces no other."""
    return f"{kind}-{secrets.token_hex(4)}"


async def begin(
    database: Database,
    name: str,
    *,
    alone: bool,
    lease_seconds: float = LEASE_SECONDS,
    story_at: str | None = None,
    silent: Collection[OpenNode] | None = None,
    read_position: int | None = None,
) -> Node:
    """Insert this process as a node, and end nodes that are certainly dead.

    These are all others if the caller is ``alone`` (it holds the database), otherwise the
    nodes of the same name, which this process replaces. With ``silent`` it replaces only those
    that are dead, or that have not renewed since they were found silent. With ``story_at`` the
    node imports a history that begins then: its ``seen_at`` follows the history's own times.
    A node that serves clients already gives its ``read_position``, as it would ``report`` it.

    Raises:
        NameTaken: if a living node that is not in ``silent`` has the name.
        NewerRevision: if the database was migrated since it was opened.
    """
    async with database.write() as connection, connection.begin():
        await database.backend.take_lock(connection)
        if not database.backend.is_exclusive:  # elsewhere nobody can have migrated meanwhile
            await served_revision(connection)
        if silent is not None and not alone:
            await _check_free(database.backend, connection, name, silent)
        at = await now(database, connection)
        await connection.execute(
            _ALL_OTHERS if alone else _FORMER_SELVES, {"now": at, "same": name}
        )
        number = await lookup.next_number(connection, nodes.c.id)
        node = Node(f"{name}.{secrets.token_hex(4)}", number, tells_story=story_at is not None)
        row = {"id": number, "node": node.name, "name": name, "started_at": at, "version": VERSION}
        told: dict[str, Any] = (
            {"seen_at": at} if story_at is None else {"seen_at": story_at, "renewed_at": at}
        )
        told |= {"lease_seconds": lease_seconds, "read_position": read_position}
        await connection.execute(nodes.insert(), row | told)
    return node


async def renew(database: Database, node: Node) -> Locked:
    """Renew this node's lease; return the state read under the log's lock.

    Raises:
        LeaseLost: if it has been ended by another.
    """
    async with database.write() as connection, connection.begin():
        return await database.backend.lock(connection, node.number, node.name)


async def end(database: Database, node: Node) -> None:
    """Mark this node as stopped."""
    async with database.write() as connection, connection.begin():
        try:
            await database.backend.lock(connection, node.number, node.name)
        except LeaseLost:
            return
        ended = nodes.update().where(nodes.c.id == node.number)
        await connection.execute(ended.values(ended_at=await now(database, connection)))


async def open_nodes(database: Database) -> list[OpenNode]:
    """Return the nodes not marked as ended; none where only this process can write."""
    if database.backend.is_exclusive:
        return []
    async with database.read() as connection:
        return await database.backend.open_nodes(connection)


async def report(database: Database, node: Node, position: int) -> None:
    """Record up to which position of the log this node has read."""
    if database.backend.is_exclusive:
        return
    async with database.write() as connection, connection.begin():
        await connection.execute(_REPORT, {"number": node.number, "position": position})


async def unread(database: Database, position: int) -> list[OpenNode]:
    """Return the nodes that serve clients and have not read up to a position."""
    if database.backend.is_exclusive:
        return []
    async with database.read() as connection:
        found = set((await connection.execute(_UNREAD, {"position": position})).scalars())
        nodes_found = await database.backend.open_nodes(connection) if found else ()
    return [node for node in nodes_found if node.number in found]


async def is_first(database: Database, node: Node) -> bool:
    """Return whether this node is the oldest one that serves clients.

    It runs the jobs that only one node should run, such as retention. When it ends, or its lease
    runs out, the next one is. There may be two for a moment.
    """
    if database.backend.is_exclusive:
        return True
    async with database.read() as connection:
        first = (await connection.execute(_FIRST)).scalar()
    return first in (None, node.number)


async def end_stuck(database: Database) -> None:
    """Free the log's lock from processes that were stopped, or cut off, while they held it."""
    if database.backend.is_exclusive:
        return
    async with database.read() as connection:
        if await database.backend.end_stuck(connection):
            logger.warning("Ended a connection that held the log's lock and sent nothing.")


async def end_silent(database: Database, silent: Iterable[OpenNode]) -> None:
    """End nodes, except those that have renewed their lease since they were read."""
    if not (tokens := {node.number: node.token for node in silent}):
        return
    async with database.write() as connection, connection.begin():
        await database.backend.take_lock(connection)
        found = await database.backend.open_nodes(connection)
        still = [node.number for node in found if tokens.get(node.number) == node.token]
        at = await now(database, connection)
        ended = nodes.update().where(nodes.c.id.in_(still), nodes.c.ended_at.is_(None))
        await connection.execute(ended.values(ended_at=at))


async def _check_free(
    backend: Backend, connection: AsyncConnection, name: str, silent: Collection[OpenNode]
) -> None:
    known = {(node.number, node.token) for node in silent}
    found = [node for node in await backend.open_nodes(connection) if node.name == name]
    if [n for n in found if n.is_alive and (n.number, n.token) not in known]:
        raise NameTaken(name, found)
