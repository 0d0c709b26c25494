"""PostgreSQL: several nodes on one log, in a schema of its own.

Numbers are given under a lock that is held to the commit, so that order of positions is
order of commits: with a serial id and no lock, 45 of 600 committed rows were never seen
by a tailing reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chatlog.domain.errors import LeaseLost, LogError
from chatlog.eventlog.backend import Failure, Locked
from chatlog.eventlog.discreet import keep_content_out_of_errors

SCHEMA: Final = "chatlog"
COMMAND_SECONDS: Final = 20

NOW: Final = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

# Only who may write to a table can lock it so, or in a mode that would stop this one; an
# advisory lock can be taken by everybody who can connect. Readers and pg_dump pass it, nobody
# changes `meta`, so no autovacuum meets it, and unlike a row's lock it writes nothing.
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

# Whatever an administrator has set for the database: the lock is taken by the first statement
# and what it guards is read by the next, which must not see the state before it; a reader's
# statements must all see one moment.
_WRITES: Final = {
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
}
_READS: Final = {
    "default_transaction_isolation": "repeatable read",
    "default_transaction_read_only": "on",
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
    """Return the SQLSTATE of a driver's error, empty where it has none."""
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""


class Postgres:
    """The backend of a PostgreSQL database."""

    name = "postgresql"

    def __init__(self, url: sa.URL) -> None:
        self.url = url

    def writer(self) -> AsyncEngine:
        """Return the engine of the one connection that writes."""
        return self._engine(1, _WRITES)

    def reader(self, connections: int) -> AsyncEngine:
        """Return an engine of connections whose transactions are read-only."""
        return self._engine(connections, _READS)

    def _engine(self, connections: int, server_settings: dict[str, str]) -> AsyncEngine:
        settings = {"search_path": f"{SCHEMA},public", "application_name": "chatlog"}
        arguments: dict[str, Any] = {
            "server_settings": settings | server_settings,
            "command_timeout": COMMAND_SECONDS,
            "timeout": 10,
        }
        with self._form_is_checked():
            engine = create_async_engine(
                self.url,
                pool_size=connections,
                max_overflow=0,
                pool_pre_ping=True,
                connect_args=arguments,
                hide_parameters=True,  # they are texts, names and salts, and errors are logged
            )

        @sa.event.listens_for(engine.sync_engine, "do_connect")
        def connect(dialect: Any, _record: Any, places: Any, names: Any) -> Any:
            with self._form_is_checked():
                return dialect.connect(*places, **names)

        keep_content_out_of_errors(engine)
        return engine

    @contextmanager
    def _form_is_checked(self) -> Iterator[None]:
        """Say which parts of the URL may be wrong where the driver trips over one."""
        try:
            yield
        except (TypeError, ValueError, OverflowError):  # their texts may quote a password
            parts = ", ".join(["host", "port", *sorted(self.url.query)])
            raise LogError(
                f"The database's URL cannot be used: one of these is not in form: {parts}."
            ) from None

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
        """Say what an error means, by its SQLSTATE."""
        cause = getattr(error, "orig", error)
        state = sqlstate_of(error)
        # What the driver cannot encode never comes to the server, and so has no SQLSTATE.
        if isinstance(cause.__cause__ or cause, ValueError | OverflowError):
            return Failure.BAD_ROW
        return _FAILURES.get(state) or _FAILURES.get(state[:2], Failure.UNKNOWN)

    async def harden(self, connection: AsyncConnection) -> None:
        """Nothing to do: PostgreSQL stops and recovers from its WAL after a failed sync."""
