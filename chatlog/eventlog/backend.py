"""What differs between databases, as one seam: ``sqlite`` and ``postgres`` fill it.

Everything else in this folder is written once for both.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Failure(enum.Enum):
    """What a database's error says about the transaction it broke."""

    FULL = "the disk or the database is full; nothing was written"
    BAD_ROW = "one of the rows cannot be stored; nothing was written"
    UNAVAILABLE = "the database cannot be reached or is busy; nothing was written"
    UNKNOWN = "the database was lost; if that was at the commit, it may have been written"
    FATAL = "the database is damaged"


@dataclass(frozen=True, slots=True)
class Locked:
    """What is known once the log's lock is held: its end and the database's clock.

    ``position`` is 0 for an empty log; times are RFC 3339 text of 27 characters. ``now`` is not
    before what the node's row said; ``clock`` is what the clock says, ahead of it or behind.
    """

    position: int
    now: str
    clock: str


class Backend(Protocol):
    """One kind of database. ``Sqlite`` and ``Postgres`` are the two there are."""

    @property
    def name(self) -> str:
        """SQLAlchemy's name of the dialect: ``sqlite`` or ``postgresql``."""

    def writer(self) -> AsyncEngine:
        """Return the engine of the one connection that writes."""

    def reader(self, connections: int) -> AsyncEngine:
        """Return an engine of so many connections that cannot write."""

    async def now(self, connection: AsyncConnection) -> str:
        """Return what the database's clock says, as the log writes times."""

    async def lock(self, connection: AsyncConnection, node: int) -> Locked:
        """Take the log's lock until the commit and renew the node's lease.

        Raises:
            LeaseLost: if the node's sessions have been lapsed by another.
        """

    def failure(self, error: Exception) -> Failure:
        """Say what an error means. In doubt it is ``UNKNOWN``."""

    async def harden(self, connection: AsyncConnection) -> None:
        """Make durable what a commit of unknown outcome left behind."""
