"""PostgreSQL: several nodes on one log, in a schema of its own.

Positions are assigned under a lock that is held until the commit, so that they follow the order
of commits: with a serial id and no lock, a tailing reader missed 45 of 600 committed rows.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Awaitable, Mapping, Set
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_, greenlet_spawn

from chatlog.databases.at_once import run_at_once
from chatlog.databases.backend import Append, Backup, Lend, Locked, Place, T, Work
from chatlog.databases.discreet import keep_content_out_of_errors
from chatlog.databases.postgres.bell import Notifications
from chatlog.databases.postgres.definitions import check_objects
from chatlog.databases.postgres.failures import failure, is_race
from chatlog.databases.postgres.limits import MIGRATOR_LIMITS, READER_LIMITS, WRITER_LIMITS
from chatlog.databases.postgres.living import end_clogged, end_stuck, open_nodes
from chatlog.databases.postgres.migrating import is_foreign, migrate
from chatlog.databases.postgres.objects import check_settings
from chatlog.databases.postgres.parameters import target_of
from chatlog.databases.postgres.search_path import share_views
from chatlog.databases.postgres.session import Purpose, open_session, set_statement
from chatlog.databases.postgres.statements import LOCK_LOG, NOW, SCHEMA
from chatlog.databases.postgres.url import parameters_of, shown_url
from chatlog.domain.errors import ChatlogError, LeaseLost, LogError

logger = logging.getLogger(__name__)


_RENEW: Final = sa.text(
    "UPDATE nodes SET "  # noqa: S608 - constants
    f"renewed_at = CASE WHEN renewed_at IS NOT NULL THEN greatest(renewed_at, {NOW}) END, "
    f"seen_at = CASE WHEN renewed_at IS NULL THEN greatest(seen_at, {NOW}) ELSE seen_at END "
    "WHERE id = :node AND node = :name AND ended_at IS NULL "
    "RETURNING (SELECT coalesce(max(position), 0) FROM events), coalesce(renewed_at, seen_at), "
    f"{NOW}, (SELECT hash FROM events ORDER BY position DESC LIMIT 1), "
    "(SELECT hash FROM events WHERE position = :seen)"
)

_WRITE_WAL: Final = sa.text("SELECT pg_logical_emit_message(true, 'chatlog', '')")
_CLOCK: Final = sa.text(f"SELECT {NOW}")
_ANALYZE: Final = sa.text("ANALYZE events, sessions, users, rooms")

# These override the settings of an administrator or the URL's ``options``: names resolve only in
# the log's own schema; the first statement takes the lock and the next reads what it guards, so
# that must not be an older snapshot; all of a reader's statements must see one snapshot.
_WRITES: Final = {
    "search_path": SCHEMA,
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
}
_READS: Final = {
    "search_path": SCHEMA,
    "default_transaction_isolation": "repeatable read",
    "default_transaction_read_only": "on",
}
# The same in each BEGIN, which is all that counts behind a pooler.
_BEGINS_WRITE: Final = {"isolation_level": "READ COMMITTED"}
_BEGINS_READ: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

# A statement without a name, as asyncpg's are without its own cache, is parsed and planned at every
# execution. A tail's read of one event cost PostgreSQL 2.8 to 4.1 ms of CPU so, and now 1.1.
_numbers: Final = itertools.count()
_NAMED: Final = {"prepared_statement_name_func": lambda: f"chatlog_{next(_numbers)}"}
# A statement without a name lives until the next one, on whichever server connection.
_UNNAMED: Final = {
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}


class Postgres:
    """The backend of a PostgreSQL database."""

    name = "postgresql"
    is_exclusive = False
    commit_seconds = 0.0006
    schema = SCHEMA
    unscrubbed = "the database's files"
    checks = (check_objects, check_settings)

    # Named as in ``Backend``; none of them needs this object.
    migrate = staticmethod(migrate)
    share_views = staticmethod(share_views)
    open_nodes = staticmethod(open_nodes)
    failure = staticmethod(failure)
    is_race = staticmethod(is_race)

    def __init__(self, url: str) -> None:
        parameters = parameters_of(url, os.environ)
        self.place = shown_url(parameters)
        self._target = target_of(parameters)
        self._has_warned = not self._target.unchecked
        self._clogged: Set[int] = frozenset()

    def writer(self) -> AsyncEngine:
        """Return the engine of the one connection that writes."""
        purpose = Purpose(_WRITES | WRITER_LIMITS, writes=True)
        self._writing = self._engine(1, purpose, _BEGINS_WRITE)
        return self._writing

    def reader(self, connections: int, *, patient: bool = False) -> AsyncEngine:
        """Return an engine of connections whose transactions are read-only."""
        settings = _READS if patient else _READS | READER_LIMITS
        purpose = Purpose(settings, writes=False, is_patient=patient)
        return self._engine(connections, purpose, _BEGINS_READ)

    def migrator(self) -> AsyncEngine:
        """Return the engine of a connection whose commands may take long, but not wait long."""
        settings = _WRITES | MIGRATOR_LIMITS
        return self._engine(1, Purpose(settings, writes=True, is_patient=True), _BEGINS_WRITE)

    def bell(self) -> Notifications:
        """Return what carries the bell to other nodes."""
        return Notifications(self._target)

    def _engine(self, connections: int, purpose: Purpose, begins: Mapping[str, Any]) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",  # without a host or a password, which it could tell
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,  # they are texts, names and salts, and errors are logged
            execution_options=dict(begins),
        )

        @sa.event.listens_for(engine.sync_engine, "do_connect")
        def connect(dialect: Any, _record: Any, _places: Any, _names: Any) -> Any:
            return self._connect(dialect, purpose)

        sa.event.listen(engine.sync_engine, "checkout", _check_open)
        again = f"{set_statement(purpose.settings, local=True)};"

        @sa.event.listens_for(engine.sync_engine, "begin")
        def begin(connection: sa.Connection) -> None:
            driver = _driver(connection)
            driver.opening = again if driver.is_pooled else ""

        keep_content_out_of_errors(engine.sync_engine)
        return engine

    def _connect(self, dialect: Any, purpose: Purpose) -> Any:
        """Return the driver's connection as SQLAlchemy wraps it, and its errors."""
        outcome = await_(self._open(purpose))

        async def opened() -> Any:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        if isinstance(outcome, BaseException) or not outcome.is_pooled:
            return dialect.dbapi.connect(async_creator_fn=opened, **_NAMED)
        return dialect.dbapi.connect(async_creator_fn=opened, **_UNNAMED)

    async def _open(self, purpose: Purpose) -> Any:
        try:
            opened = await open_session(self._target, purpose)
        except ChatlogError:
            raise
        except OSError as error:  # a certificate that is not trusted is a ValueError, too
            return error
        except (TypeError, ValueError, OverflowError, LookupError):  # may quote a password
            raise LogError(
                "The database's URL cannot be used: one of these is malformed: "
                "host, port, user, password, database, options."
            ) from None
        except Exception as error:  # noqa: BLE001 - SQLAlchemy makes its own of the driver's
            return error
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "channel_binding=require is not enforced: use sslmode=verify-full to prevent "
                "a man-in-the-middle attack."
            )
        return opened

    async def now(self, connection: AsyncConnection) -> str:
        """Return the server's time."""
        return str((await connection.execute(_CLOCK)).scalar_one())

    async def lock(
        self, connection: AsyncConnection, node: int, name: str, seen: Place | None = None
    ) -> Locked:
        """Take the log's lock, then renew the lease and read the log's end.

        A fail-over may have lost the node's row, and another node may have its number by now.
        """
        driver = await _begin_with_lock(connection)
        values = {"node": node, "name": name, "seen": 0 if seen is None else seen.position}
        found = (await connection.execute(_RENEW, values)).first()
        if driver.opening:
            raise RuntimeError("The transaction has begun without the log's lock.")
        if found is None:
            raise LeaseLost("This server was declared dead; its sessions have lapsed.")
        position, now, clock, last, there = found
        return Locked(
            position,
            now,
            clock,
            None if last is None else Place(position, last),
            has_diverged=seen is not None and there != seen.hash,
        )

    async def end_stuck(self, connection: AsyncConnection) -> int:
        """End connections of stopped processes that hold the log's lock or keep notifications."""
        self._clogged = await end_clogged(connection, self._clogged)
        return await end_stuck(connection)

    async def harden(self, connection: AsyncConnection) -> None:
        """Wait until a synchronous standby, if there is one, has the WAL up to here.

        Only a transaction that has written something waits for it, and a look-up need not have.
        The disk needs nothing: PostgreSQL stops and recovers from its WAL after a failed sync.
        """
        async with connection.begin():
            await connection.execute(_WRITE_WAL)

    def clock(self) -> None:
        """Return None: only the server knows its clock."""

    async def append(self, _append: Append) -> bool:
        """Return False: other nodes may have appended meanwhile."""
        return False

    def at_once(self, work: Work[T]) -> Awaitable[T]:
        """Run work in one greenlet: for each, SQLAlchemy's asynchronous layer takes 40 µs."""
        return greenlet_spawn(run_at_once, self._writing.sync_engine, lambda: None, work)

    async def take_lock(self, connection: AsyncConnection) -> None:
        """Take the log's lock until the commit."""
        await connection.execute(LOCK_LOG)

    def check_there(self) -> None:
        """Do nothing: only a connection tells."""

    async def hold(self) -> None:
        """Return None: several nodes may write."""

    async def is_foreign(self, write: Lend) -> bool:
        """Return whether the database has other tables and no schema of the log."""
        async with write() as connection:
            return await is_foreign(connection)

    async def scrub(self, _write: Lend) -> bool:
        """Do nothing: ``docs/operations.md`` describes where old rows remain."""
        return True

    async def after_bulk(self, write: Lend) -> None:
        """Run ANALYZE; without it, look-ups were ten times slower."""
        async with write() as connection, connection.begin():
            await connection.execute(_ANALYZE)

    def backup(self, _target: Path) -> Backup:
        """Refuse: PostgreSQL has its own programs for that."""
        raise LogError("`chatlog backup` is for SQLite: use pg_dump or a base backup.")


async def _begin_with_lock(connection: AsyncConnection) -> Any:
    """Have the BEGIN take the log's lock, or take it now if the transaction has begun.

    Returns the driver's connection.
    """
    assert connection.sync_connection is not None
    driver = _driver(connection.sync_connection)
    if driver.is_in_transaction():
        await connection.execute(LOCK_LOG)
    else:
        driver.opening += f"{LOCK_LOG.text};"
    return driver


def _driver(connection: sa.Connection) -> Any:
    """Return the driver's connection: a ``Committing``, whose module imports the driver."""
    return connection.connection.driver_connection


def _check_open(connection: Any, _record: Any, _lent: Any) -> None:
    """Have the pool open another connection if this one was closed while it was idle.

    SQLAlchemy's own check asks the server in a transaction, which is four round trips: more than
    the tail needs to read what another node has appended. The driver is told of a closed
    connection, and one that is lost without a word fails either way, at the end of a time limit.

    Raises:
        DisconnectionError: which the pool expects.
    """
    if connection.driver_connection.is_closed():
        raise sa.exc.DisconnectionError
