"""The interface to a kind of database, implemented by ``sqlite`` and ``postgres``.

All that differs between databases is behind it: no module outside this folder asks which one it
has. Everything else in this folder is written once for both.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chatlog.databases.bell import Transport
from chatlog.databases.hold import Hold
from chatlog.databases.living import OpenNode
from chatlog.domain.errors import LogError

Lend = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""``Database.read`` or ``Database.write``, for what may not need a connection at all."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]
"""The work of a transaction: it begins and commits by itself."""


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """The checks made (in the plural), and in a clause what differs from a new log.

    ``unsure`` are objects that could be judged neither right nor wrong, because this server's
    rendering of them is not known.
    """

    looked_at: tuple[str, ...]
    wrong: str | None = None
    unsure: tuple[str, ...] = ()


Check = Callable[[Lend], Awaitable[SchemaVerdict]]
"""A check of what a database keeps beside the rows; it is lent short snapshots."""


class Contended(LogError):
    """A migration beside living servers did not get the tables at once, and gave way."""


class Failure(enum.Enum):
    """The meaning of a database error for the transaction that failed."""

    FULL = "the disk or the database is full; nothing was written"
    BAD_ROW = "one of the rows cannot be stored; nothing was written"
    UNAVAILABLE = "the database cannot be reached or is busy; nothing was written"
    CONFLICT = "another transaction was in the way; nothing was written, and a repeat may be"
    UNKNOWN = "the database was lost; if that was at the commit, it may have been written"
    FATAL = "the database is damaged"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the log: a position, and the chain hash of the event there."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Locked:
    """State read when the log's lock is taken: the log's end and the database's clock.

    ``position`` is 0 for an empty log; times are RFC 3339 text of 27 characters. ``now`` is never
    earlier than the time in the node's row; ``clock`` is the clock's own reading. ``last`` is the
    log's last event, and ``has_diverged`` says whether the log lacks one that was ``seen`` in it:
    a fail-over has lost it. Where only one process writes, they are None and False.
    """

    position: int
    now: str
    clock: str
    last: Place | None = None
    has_diverged: bool = False


@dataclass(slots=True)
class Append:
    """One transaction of a node whose rows were decided before it: ``Backend.append`` writes it.

    It was decided for a log that ends at ``position``, at the time ``now``. ``writes`` are
    statements in their order, each with its rows. ``is_committing`` is set right before the
    COMMIT: an error after that has an unknown outcome. ``fixed_seconds`` is the CPU time that it
    would have taken without any rows.
    """

    node: int
    name: str
    position: int
    now: str
    writes: Sequence[tuple[sa.Executable, Sequence[Any]]] = field(repr=False)
    is_committing: bool = False
    fixed_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a log that is to be made: ``partial`` grows towards the size of ``source``.

    ``run`` blocks until the copy is durable, or is abandoned because its argument returns True.
    """

    source: Path
    partial: Path
    run: Callable[[Callable[[], bool]], None]


class Backend(Protocol):
    """One kind of database, implemented by ``Sqlite`` and ``Postgres``."""

    @property
    def name(self) -> str:
        """SQLAlchemy's name of the dialect: ``sqlite`` or ``postgresql``."""

    @property
    def place(self) -> str:
        """The database as a URL for a log or a person: absolute, and without a password."""

    @property
    def is_exclusive(self) -> bool:
        """Whether only one process at a time can have the log open to write.

        Then all other nodes are certainly dead, and other processes' commands go through it.
        """

    @property
    def commit_seconds(self) -> float:
        """The usual CPU time of a commit without rows, in seconds, where it is not measured."""

    @property
    def schema(self) -> str | None:
        """The schema of the log's tables; None where a database has no schemas."""

    # Connections

    def writer(self) -> AsyncEngine:
        """Return the engine of the one connection that writes."""

    def reader(self, connections: int, *, patient: bool = False) -> AsyncEngine:
        """Return an engine with this many read-only connections, ``patient`` without a limit."""

    def migrator(self) -> AsyncEngine | None:
        """Return an engine for statements that go over all events; None if the writer's does."""

    def bell(self) -> Transport | None:
        """Return what carries the bell to other nodes; None where there are none."""

    # Opening a log

    def check_there(self) -> None:
        """Refuse a log of which it is certain, without a connection, that it does not exist.

        Raises:
            LogError: naming its place.
        """

    async def hold(self) -> Hold | None:
        """Take the sole right to write; return None where a database gives it to several.

        Raises:
            DatabaseBusy: if another process has it.
            LogError: if nobody could use the database safely.
        """

    async def is_foreign(self, write: Lend) -> bool:
        """Return whether there are other programs' tables and no log."""

    async def migrate(self, connection: AsyncConnection) -> None:
        """Migrate to the newest revision in the caller's transaction, unless it is already there.

        Raises:
            LogError: if the database has a newer revision that this program may not serve, or must
                be migrated while one of its servers is alive.
            Contended: if servers live beside the migration, and it should be tried again.
        """

    def is_race(self, error: BaseException) -> bool:
        """Return whether a migration failed because a concurrent one created the same object."""

    async def share_views(self, connection: AsyncConnection, role: str | None) -> str | None:
        """Return in a sentence whether a role finds the audit views by their unqualified names.

        A given role is made to find them; None is the connection's own. Returns None where
        everybody finds them.

        Raises:
            LogError: if there is no such role.
        """

    # Transactions

    async def now(self, connection: AsyncConnection) -> str:
        """Return the time of the database's clock, in the log's format."""

    async def lock(
        self, connection: AsyncConnection, node: int, name: str, seen: Place | None = None
    ) -> Locked:
        """Take the log's lock until the commit and renew the lease of the node of this name.

        Raises:
            LeaseLost: if another node has lapsed this node's sessions, or the log does not have
                this node.
        """

    def clock(self) -> str | None:
        """Return the reading of the database's clock if it is this machine's, otherwise None."""

    async def append(self, append: Append) -> bool:
        """Write a transaction that was decided from memory; return whether that was possible.

        It is not, and nothing was written, if the log does not end where the append says, or is
        not at its time, or if other processes write to this database, too. Nobody else may use the
        connection that writes meanwhile.

        Raises:
            LeaseLost: as ``lock``.
            Exception: the driver's own.
        """

    def at_once(self, work: Work[T]) -> Awaitable[T] | None:
        """Return what runs work on the connection that writes; None if the connection is not open.

        That costs less than an ``AsyncConnection``: one hop, or one greenlet, for all of it.
        The work awaits nothing but its statements. Nobody else may use the connection meanwhile.
        """

    async def take_lock(self, connection: AsyncConnection) -> None:
        """Take the log's lock until the commit, for what is not an append."""

    async def open_nodes(self, connection: AsyncConnection) -> list[OpenNode]:
        """Return the nodes not marked as ended, in a log of any revision; none if exclusive."""

    async def end_stuck(self, connection: AsyncConnection) -> int:
        """Free the log's lock from processes that were stopped while they held it.

        Returns the number of connections that were ended.
        """

    def failure(self, error: Exception) -> Failure:
        """Classify an error; in doubt as ``UNKNOWN``."""

    async def harden(self, connection: AsyncConnection) -> None:
        """Make durable whatever a commit of unknown outcome has written."""

    # Upkeep

    async def scrub(self, write: Lend) -> bool:
        """Remove erased content from the files; False while a reader's snapshot prevents it.

        Raises:
            Exception: the driver's own, if a file cannot be written.
        """

    @property
    def unscrubbed(self) -> str:
        """The files in which erased content remains until ``scrub`` succeeds."""

    async def after_bulk(self, write: Lend) -> None:
        """Do what keeps look-ups quick after many rows were written at once."""

    def backup(self, target: Path) -> Backup:
        """Return the backup of the log to a new file, still to be run.

        Raises:
            LogError: if other programs back such a database up, naming them.
        """

    @property
    def checks(self) -> Sequence[Check]:
        """The checks of what the database keeps beside the rows, the quick ones first."""
