"""Open a connection to PostgreSQL and apply the settings that the log relies on.

They are set by SQL, not at the start of a connection: a pooler drops start parameters that it
does not know, and migrations then went into ``public``. The settings are read back, like
SQLite's PRAGMAs. Behind a pooler (PgBouncer in transaction mode) the next transaction may use
another server connection, so the settings are applied in each transaction, without named
prepared statements. A pooler is recognised by the process id: it reports its own.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chatlog.databases.postgres.limits import SINCE
from chatlog.databases.postgres.parameters import Target
from chatlog.domain.errors import LogError

if TYPE_CHECKING:
    import asyncpg

ENCODING: Final = "UTF8"
COMMAND_SECONDS: Final = 20
PATIENT_SECONDS: Final = 6 * 3_600
"""For one command where nobody else waits: an index of all events, a question about them."""

_ABOUT: Final = """
SELECT pg_backend_pid(), current_setting('server_encoding'),
    current_setting('session_replication_role')
"""


def set_statement(settings: Mapping[str, str], *, local: bool) -> str:
    """Return SQL that applies settings; only for the transaction if ``local``."""
    how = "true" if local else "false"
    return "SELECT " + ", ".join(
        _where_known(name, f"set_config('{name}', '{value}', {how})")
        for name, value in settings.items()
    )


def _where_known(name: str, sql: str) -> str:
    """Return SQL that does nothing on a server without the setting."""
    if (since := SINCE.get(name)) is None:
        return sql
    return f"CASE WHEN current_setting('server_version_num')::int >= {since} THEN {sql} END"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a connection is for: the ``settings`` to keep, and how long a command may take."""

    settings: Mapping[str, str]
    writes: bool
    is_patient: bool = False


async def open_session(target: Target, purpose: Purpose) -> Any:
    """Return asyncpg's connection, a ``Committing``, its settings kept.

    Raises:
        LogError: if the database's encoding is not UTF-8, a setting is not kept, or triggers
            are off for one that writes.
        OSError, asyncpg.PostgresError: if no host could be connected to.
    """
    seconds = PATIENT_SECONDS if purpose.is_patient else COMMAND_SECONDS
    connection = await _connect(target, seconds)
    try:
        connection.is_pooled = await _keep(connection, purpose)
    except BaseException:
        connection.terminate()
        raise
    return connection


def _check_triggers(role: str) -> None:
    """Refuse to write where the log's own triggers do not fire.

    Only a superuser could set this, so it is read: whoever set it has to take it back.
    """
    if role == "replica":
        raise LogError(
            "Triggers are off in this database (session_replication_role = replica), so nothing "
            "protects the log: reset it, as with ALTER DATABASE … RESET session_replication_role "
            "(`chatlog verify` says where it is set)."
        )


async def _keep(connection: asyncpg.Connection, purpose: Purpose) -> bool:
    settings = purpose.settings
    async with connection.transaction():
        process, encoding, role = await connection.fetchrow(_ABOUT)
        if encoding != ENCODING:
            raise LogError(
                f"The database's encoding is {encoding}, but chatlog needs UTF8: create a "
                "database with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'."
            )
        if purpose.writes:
            _check_triggers(role)
        pooled: bool = process != connection.get_server_pid()
        await connection.fetchrow(set_statement(settings, local=pooled))
        if pooled:
            await _check(connection, settings)
    if not pooled:
        await _check(connection, settings)
    return pooled


async def _check(connection: asyncpg.Connection, settings: Mapping[str, str]) -> None:
    names = ", ".join(_where_known(name, f"current_setting('{name}')") for name in settings)
    kept = dict(zip(settings, await connection.fetchrow(f"SELECT {names}"), strict=True))
    for name, value in settings.items():
        if kept[name] != value and not (name in SINCE and kept[name] is None):
            raise LogError(
                f"The database's connection does not keep {name}={value}. A pooler may be "
                "dropping settings: connect to PostgreSQL directly."
            )


async def _connect(target: Target, command_seconds: float) -> asyncpg.Connection:
    """Try the hosts one after the other, each for its own time.

    asyncpg has one timeout for all hosts: a silent first host would use it up.
    """
    import asyncpg

    last: BaseException | None = None
    is_hopeful = target.session == "prefer-standby" and len(target.places) > 1
    for session in ("standby", "any") if is_hopeful else (target.session,):
        for host, port in target.places or ((None, target.port),):
            try:
                return await _connect_to(host, port, session, target, command_seconds)
            except (OSError, asyncpg.CannotConnectNowError) as error:
                last = error
            except asyncpg.TargetServerAttributeNotMatched:
                wanted = f"target_session_attrs={target.session}"
                last = last or LogError(f"No host of the database's URL satisfies {wanted}.")
    assert last is not None
    raise last


async def _connect_to(
    host: str | None, port: int, session: str, target: Target, command_seconds: float
) -> asyncpg.Connection:
    import asyncpg

    from chatlog.databases.postgres.committing import Committing

    try:
        async with asyncio.timeout(target.connect_seconds):
            connection = await asyncpg.connect(
                host=host,
                port=port,
                target_session_attrs=session,
                server_settings=dict(target.settings),
                command_timeout=command_seconds,
                timeout=None,
                statement_cache_size=0,  # SQLAlchemy has its own
                connection_class=Committing,
                **target.arguments,
            )
    except OSError as error:
        is_silent = isinstance(error, TimeoutError) and target.connect_seconds is not None
        reason = f"no answer in {target.connect_seconds:g} s" if is_silent else _reason(error)
        # Not "from error": one of TLS is a ValueError, too, and those are of rows.
        raise ConnectionError(f"{_named(host, port)}: {reason}") from None
    connection.commit_seconds = command_seconds
    return connection


def _named(host: str | None, port: int) -> str:
    if host is None:
        return f"a server on this machine, port {port}"
    if host.startswith("/"):
        return f"{host}/.s.PGSQL.{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if error.errno and error.errno > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)
    return error.strerror or str(error)
