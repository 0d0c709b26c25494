"""PostgreSQL: several nodes on one log, in a schema of its own.

Positions are assigned under a lock that is held until the commit, so that they follow the order
of commits: with a serial id and no lock, a tailing reader missed 45 of 600 committed rows.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_

from chatlog.databases.backend import Failure, Locked
from chatlog.databases.discreet import keep_content_out_of_errors, sqlstate
from chatlog.databases.postgres.parameters import target_of
from chatlog.databases.postgres.session import Purpose, open_session, set_statement
from chatlog.databases.postgres.url import parameters_of
from chatlog.domain.errors import ChatlogError, LeaseLost, LogError

logger = logging.getLogger(__name__)

SCHEMA: Final = "chatlog"
IDLE_TIMEOUT: Final = "10s"
"""A writer that sends nothing for so long amid its transaction (a process that was stopped, a
host that is cut off) is rolled back by the server, else all who append would wait for it. It
is half of a command's time: the one that waits behind it still succeeds."""
LOCK_TIMEOUT: Final = "20s"
"""A migration waits so long for those who read its tables: all others wait behind it."""

NOW: Final = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

# Only a role with write privileges can lock a table in this mode or a conflicting one; any role
# that can connect can take an advisory lock. The lock does not block readers and pg_dump; `meta`
# never changes, so autovacuum does not conflict; and unlike a row lock, it writes nothing.
LOCK_LOG: Final = sa.text(f"LOCK TABLE {SCHEMA}.meta IN EXCLUSIVE MODE")

_RENEW: Final = sa.text(
    "UPDATE nodes SET "  # noqa: S608 - constants
    f"renewed_at = CASE WHEN renewed_at IS NOT NULL THEN greatest(renewed_at, {NOW}) END, "
    f"seen_at = CASE WHEN renewed_at IS NULL THEN greatest(seen_at, {NOW}) ELSE seen_at END "
    "WHERE id = :node AND ended_at IS NULL "
    "RETURNING (SELECT coalesce(max(position), 0) FROM events), coalesce(renewed_at, seen_at), "
    f"{NOW}"
)

_CLOCK: Final = sa.text(f"SELECT {NOW}")

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
_IDLE: Final = {"idle_in_transaction_session_timeout": IDLE_TIMEOUT}
# The same in each BEGIN, which is all that counts behind a pooler.
_BEGINS_WRITE: Final = {"isolation_level": "READ COMMITTED"}
_BEGINS_READ: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

_POOLED: Final = "chatlog_pooled"
# A statement without a name lives until the next one, on whichever server connection.
_UNNAMED: Final = {
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}

# SQLSTATEs and their classes (PostgreSQL manual, appendix A).
_FAILURES: Final = {
    "53100": Failure.FULL,
    "53": Failure.UNAVAILABLE,
    "22": Failure.BAD_ROW,
    "23": Failure.BAD_ROW,
    "40": Failure.UNAVAILABLE,
    "55": Failure.UNAVAILABLE,
    "25": Failure.UNAVAILABLE,
    "XX": Failure.FATAL,
}


def sqlstate_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error, of the driver or wrapped by SQLAlchemy; or nothing."""
    return sqlstate(getattr(error, "orig", error))


class Postgres:
    """The backend of a PostgreSQL database."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self._target = target_of(parameters_of(url, os.environ))
        self._has_warned = not self._target.unchecked

    def writer(self) -> AsyncEngine:
        """Return the engine of the one connection that writes."""
        return self._engine(1, Purpose(_WRITES | _IDLE, writes=True), _BEGINS_WRITE)

    def reader(self, connections: int, *, patient: bool = False) -> AsyncEngine:
        """Return an engine of connections whose transactions are read-only."""
        purpose = Purpose(_READS, writes=False, is_patient=patient)
        return self._engine(connections, purpose, _BEGINS_READ)

    def migrator(self) -> AsyncEngine:
        """Return the engine of a connection whose commands may take long, but not wait long."""
        settings = _WRITES | _IDLE | {"lock_timeout": LOCK_TIMEOUT}
        return self._engine(1, Purpose(settings, writes=True, is_patient=True), _BEGINS_WRITE)

    def _engine(self, connections: int, purpose: Purpose, begins: Mapping[str, Any]) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",  # without a host or a password, which it could tell
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # they are texts, names and salts, and errors are logged
            execution_options=dict(begins),
        )

        @sa.event.listens_for(engine.sync_engine, "do_connect")
        def connect(dialect: Any, record: Any, _places: Any, _names: Any) -> Any:
            return self._connect(dialect, record, purpose)

        again = set_statement(purpose.settings, local=True)

        @sa.event.listens_for(engine.sync_engine, "begin")
        def begin(connection: sa.Connection) -> None:
            if connection.connection.info.get(_POOLED):
                connection.exec_driver_sql(again)

        keep_content_out_of_errors(engine)
        return engine

    def _connect(self, dialect: Any, record: Any, purpose: Purpose) -> Any:
        """Return the driver's connection as SQLAlchemy wraps it, and its errors."""
        outcome = await_(self._open(purpose))

        async def opened() -> Any:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome[0]

        if isinstance(outcome, BaseException) or not outcome[1]:
            return dialect.dbapi.connect(async_creator_fn=opened)
        record.info[_POOLED] = True
        return dialect.dbapi.connect(async_creator_fn=opened, **_UNNAMED)

    async def _open(self, purpose: Purpose) -> tuple[Any, bool] | Exception:
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

    async def lock(self, connection: AsyncConnection, node: int) -> Locked:
        """Take the log's lock, then renew the lease and read the log's end."""
        await connection.execute(LOCK_LOG)
        found = (await connection.execute(_RENEW, {"node": node})).first()
        if found is None:
            raise LeaseLost("This server was declared dead; its sessions have lapsed.")
        return Locked(position=found[0], now=found[1], clock=found[2])

    def failure(self, error: Exception) -> Failure:
        """Classify an error by its SQLSTATE."""
        cause = getattr(error, "orig", error)
        state = sqlstate_of(error)
        # A value that the driver cannot encode never reaches the server, so it has no SQLSTATE.
        if isinstance(cause.__cause__ or cause, ValueError | OverflowError):
            return Failure.BAD_ROW
        return _FAILURES.get(state) or _FAILURES.get(state[:2], Failure.UNKNOWN)

    async def harden(self, connection: AsyncConnection) -> None:
        """Do nothing: PostgreSQL stops and recovers from its WAL after a failed sync."""
