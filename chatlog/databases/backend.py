"""The interface to a kind of database, implemented by ``sqlite`` and ``postgres``.

Everything else in this folder is written once for both.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Failure(enum.Enum):
    """The meaning of a database error for the transaction that failed."""

    FULL = "the disk or the database is full; nothing was written"
    BAD_ROW = "one of the rows cannot be stored; nothing was written"
    UNAVAILABLE = "the database cannot be reached or is busy; nothing was written"
    UNKNOWN = "the database was lost; if that was at the commit, it may have been written"
    FATAL = "the database is damaged"


@dataclass(frozen=True, slots=True)
class Locked:
    """State read when the log's lock is taken: the log's end and the database's clock.

    ``position`` is 0 for an empty log; times are RFC 3339 text of 27 characters. ``now`` is never
    earlier than the time in the node's row; ``clock`` is the clock's own reading.
    """

    position: int
    now: str
    clock: str


class Backend(Protocol):
    """One kind of database, implemented by ``Sqlite`` and ``Postgres``."""

    @property
    def name(self) -> str:
        """SQLAlchemy's name of the dialect: ``sqlite`` or ``postgresql``."""

    def writer(self) -> AsyncEngine:
        """Return the engine of the one connection that writes."""

    def reader(self, connections: int) -> AsyncEngine:
        """Return an engine with this many read-only connections."""

    async def now(self, connection: AsyncConnection) -> str:
        """Return the time of the database's clock, in the log's format."""

    async def lock(self, connection: AsyncConnection, node: int) -> Locked:
        """Take the log's lock until the commit and renew the node's lease.

        Raises:
            LeaseLost: if another node has lapsed this node's sessions.
        """

    def failure(self, error: Exception) -> Failure:
        """Classify an error; in doubt as ``UNKNOWN``."""

    async def harden(self, connection: AsyncConnection) -> None:
        """Make durable whatever a commit of unknown outcome has written."""
