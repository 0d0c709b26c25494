"""Leases: a node's row says until when it was surely alive.

Every append renews it under the log's lock; a quiet node renews it by itself. A node is
dead once its row is ended, and whoever ends it holds the same lock: so a node that
slept past its lease either finds its row as it was, and goes on, or finds it ended
and can append nothing more. How long its lease is stands in its row, and whoever judges
it goes by that: by having seen no renewal for so long, whatever the clocks say meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.errors import LeaseLost, LogError
from chatlog.eventlog import living, lookup
from chatlog.eventlog.append import Node
from chatlog.eventlog.backend import Locked
from chatlog.eventlog.database import Database
from chatlog.eventlog.living import LEASE_SECONDS, OpenNode
from chatlog.eventlog.postgres import LOCK_LOG, Postgres
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


class NameTaken(LogError):
    """A living node has the name; ``nodes`` are those that have it."""

    def __init__(self, name: str, nodes: Collection[OpenNode]) -> None:
        self.nodes = nodes
        super().__init__(
            f"A server named {name} is running on this database: give this one another --node."
        )


def unique_name(kind: str) -> str:
    """Return a name for a node that was given none: it replaces nobody, and nobody replaces it."""
    return f"{kind}-{secrets.token_hex(4)}"


async def begin(
    database: Database,
    name: str,
    *,
    alone: bool,
    lease_seconds: float = LEASE_SECONDS,
    story_at: str | None = None,
    silent: Collection[OpenNode] | None = None,
) -> Node:
    """Enter this process into the log; nodes whose death is certain are ended.

    That is every other one when the caller is ``alone`` (it holds SQLite's lock file),
    else the ones of the same name, which this process replaces. With ``silent`` it replaces
    only those of them that are dead, or as silent as they were found. With ``story_at`` the
    node tells a story that begins then: its ``seen_at`` is how far that has been told.

    Raises:
        NameTaken: if a living node that is none of the ``silent`` has the name.
    """
    async with database.write() as connection, connection.begin():
        await take_log_lock(database, connection)
        if silent is not None and not alone:
            await _check_free(connection, name, silent)
        at = await now(database, connection)
        await connection.execute(
            _ALL_OTHERS if alone else _FORMER_SELVES, {"now": at, "same": name}
        )
        number = await lookup.next_number(connection, nodes.c.id)
        node = Node(f"{name}.{secrets.token_hex(4)}", number, tells_story=story_at is not None)
        row = {"id": number, "node": node.name, "name": name, "started_at": at}
        told = {"seen_at": at} if story_at is None else {"seen_at": story_at, "renewed_at": at}
        await connection.execute(nodes.insert(), row | told | {"lease_seconds": lease_seconds})
    return node


async def renew(database: Database, node: Node) -> Locked:
    """Say that this node is alive; return what is known under the log's lock.

    Raises:
        LeaseLost: if it has been ended by another.
    """
    async with database.write() as connection, connection.begin():
        return await database.backend.lock(connection, node.number)


async def end(database: Database, node: Node) -> None:
    """Say that this node has stopped by itself."""
    async with database.write() as connection, connection.begin():
        try:
            await database.backend.lock(connection, node.number)
        except LeaseLost:
            return
        ended = nodes.update().where(nodes.c.id == node.number)
        await connection.execute(ended.values(ended_at=await now(database, connection)))


async def open_nodes(database: Database) -> list[OpenNode]:
    """Return the nodes that nobody has ended; on SQLite none that need watching."""
    if not isinstance(database.backend, Postgres):
        return []
    async with database.read() as connection:
        return await living.open_nodes(connection)


async def end_silent(database: Database, silent: Iterable[OpenNode]) -> None:
    """End nodes, but for those that have renewed their lease since they were read."""
    if not (tokens := {node.number: node.token for node in silent}):
        return
    async with database.write() as connection, connection.begin():
        await take_log_lock(database, connection)
        found = await living.open_nodes(connection)
        still = [node.number for node in found if tokens.get(node.number) == node.token]
        at = await now(database, connection)
        ended = nodes.update().where(nodes.c.id.in_(still), nodes.c.ended_at.is_(None))
        await connection.execute(ended.values(ended_at=at))


async def _check_free(connection: AsyncConnection, name: str, silent: Collection[OpenNode]) -> None:
    known = {(node.number, node.token) for node in silent}
    found = [node for node in await living.open_nodes(connection) if node.name == name]
    if [n for n in found if n.is_alive and (n.number, n.token) not in known]:
        raise NameTaken(name, found)


async def check_all_stopped(database: Database, connection: AsyncConnection) -> None:
    """Refuse what needs the servers stopped while one of them lives.

    On SQLite the lock file has said so already.

    Raises:
        LogError: naming a server that runs.
    """
    if isinstance(database.backend, Postgres):
        await living.check_all_stopped(connection)


async def take_log_lock(database: Database, connection: AsyncConnection) -> None:
    """Take the log's lock without appending. On SQLite the transaction has it already."""
    if isinstance(database.backend, Postgres):
        await connection.execute(LOCK_LOG)
