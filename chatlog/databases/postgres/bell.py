"""The bell on PostgreSQL: LISTEN and NOTIFY, each on a connection of its own.

NOTIFY takes a lock of the whole database at its commit. In the transactions that append, it cost
a third to a half of the throughput, so it has a connection and transactions of its own. They do
not wait for the disk: what they say may be lost.

A killed connection that listens raises nothing, so this one has a termination callback and is
asked for an answer every ten seconds. A pooler in transaction mode takes a LISTEN and passes
nothing on, so each connection that listens must hear a text that the other one has sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final

from chatlog.databases.postgres.parameters import Target
from chatlog.databases.postgres.session import Purpose, open_session
from chatlog.domain.errors import Unavailable

if TYPE_CHECKING:
    import asyncpg

logger = logging.getLogger(__name__)

CHANNEL: Final = "chatlog"
APPLICATION: Final = "chatlog bell"
_CHECK_SECONDS: Final = 10.0
_PATIENCE_SECONDS: Final = 5.0
_WITHOUT_SECONDS: Final = 60.0
"""Pause before the next attempt to listen through what passes nothing on."""

# The role's or the database's default could make a NOTIFY wait for a standby, or end it at once.
_LISTENS: Final = {"application_name": APPLICATION, "statement_timeout": "10s"}
_NOTIFIES: Final = {**_LISTENS, "synchronous_commit": "off"}


class Notifications:
    """Carries the bell through the log's own database."""

    max_bytes = 7_900  # PostgreSQL refuses a payload of 8,000 bytes

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sender: asyncpg.Connection | None = None
        self._sending = asyncio.Lock()
        self._has_warned = False

    async def listen(self, heard: Callable[[str], None], is_up: Callable[[bool], None]) -> None:
        """Listen on one connection until it is lost; see ``Transport``.

        Raises:
            ConnectionError: if it is lost.
            Unavailable: if there is none.
        """
        while True:
            async with self._connected() as (connection, lost):
                if await self._hears(connection, heard):
                    self._has_warned = False
                    is_up(True)
                    try:
                        await _watch(connection, lost)
                    finally:
                        is_up(False)
                self._warn_once()
            await asyncio.sleep(_WITHOUT_SECONDS)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Event]]:
        connection = await self._open(_LISTENS)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            yield connection, lost
        finally:
            connection.terminate()

    async def _hears(self, connection: asyncpg.Connection, heard: Callable[[str], None]) -> bool:
        """Begin to listen; return whether a text that another connection sends arrives."""
        token, arrived = secrets.token_hex(8), asyncio.Event()

        def got(_connection: Any, _process: int, _channel: str, text: str) -> None:
            if text == token:
                arrived.set()
            elif text.startswith("{"):
                heard(text)

        await connection.add_listener(CHANNEL, got)
        await self.send(token)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await arrived.wait()
        return arrived.is_set()

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "Notifications do not arrive over this connection to the database, as through "
                "PgBouncer in transaction mode: this server polls the log instead. Connect to "
                "PostgreSQL directly, or give --bus nats://HOST:PORT."
            )

    async def send(self, text: str) -> None:
        """Notify everybody who listens; see ``Transport``. The text must not need quoting."""
        if "'" in text or "\\" in text:
            raise ValueError("The text of a notification may not have quotation marks.")
        async with self._sending:
            if self._sender is None or self._sender.is_closed():
                self._sender = await self._open(_NOTIFIES)
            try:
                # Without parameters it is one message to the server and one back.
                await self._sender.execute(f"NOTIFY {CHANNEL}, '{text}'")
            except BaseException as error:
                self._sender.terminate()
                if isinstance(error, Exception):
                    raise Unavailable("The bell could not be rung.") from error
                raise

    async def close(self) -> None:
        """Close the connection that sends."""
        if self._sender is not None:
            self._sender.terminate()

    async def _open(self, settings: dict[str, str]) -> asyncpg.Connection:
        try:
            connection = await open_session(self._target, Purpose(settings, writes=False))
        except Exception as error:
            raise Unavailable("No connection for the bell.") from error
        return connection


async def _watch(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    """Ask for an answer from time to time.

    Raises:
        ConnectionError: once the connection is lost.
    """
    while not lost.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CHECK_SECONDS):
                await lost.wait()
        if not lost.is_set() and not await _answers(connection):
            break
    raise ConnectionError("The connection that hears of other servers' events was closed.")


async def _answers(connection: asyncpg.Connection) -> bool:
    try:
        await connection.fetchval("SELECT 1", timeout=_PATIENCE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever it is, nothing will be heard here
        return False
    return True
