"""The bell on NATS: core NATS, without JetStream, because the log keeps what a bell says.

The client comes back to a server that was away by itself, and subscribes again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from chatlog.databases.discreet import describe

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

logger = logging.getLogger(__name__)

_PING_SECONDS: Final = 10
_AGAIN_SECONDS: Final = 1
_CONNECT_SECONDS: Final = 5


class Nats:
    """Carries the bell through NATS servers; ``subject`` returns the subject of this log."""

    max_bytes = 65_536  # a server's default limit is 1 MiB

    def __init__(self, servers: Sequence[str], subject: Callable[[], Awaitable[str]]) -> None:
        self._servers = list(servers)
        self._read_subject = subject
        self._subject = ""
        self._client: Client | None = None

    async def listen(self, heard: Callable[[str], None], is_up: Callable[[bool], None]) -> None:
        """Subscribe until the client gives up; see ``Transport``.

        Raises:
            ConnectionError: if it has given up.
        """
        self._subject = await self._read_subject()
        closed = asyncio.Event()

        async def got(message: Msg) -> None:
            heard(message.data.decode(errors="replace"))

        client = await self._connect(closed, is_up)
        try:
            await client.subscribe(self._subject, cb=got)
            await client.flush()  # the server has it now
            self._client = client
            is_up(True)
            await closed.wait()
        finally:
            self._client = None
            is_up(False)
            with contextlib.suppress(Exception):  # it may be closed already, or cut off
                await client.close()
        raise ConnectionError("The connection to NATS was closed.")

    async def _connect(self, closed: asyncio.Event, is_up: Callable[[bool], None]) -> Client:
        import nats

        async def disconnected() -> None:
            is_up(False)

        async def reconnected() -> None:
            is_up(True)

        async def ended() -> None:
            closed.set()

        return await nats.connect(
            servers=self._servers,
            name="chatlog",
            error_cb=_warn,
            disconnected_cb=disconnected,
            reconnected_cb=reconnected,
            closed_cb=ended,
            connect_timeout=_CONNECT_SECONDS,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_AGAIN_SECONDS,
            ping_interval=_PING_SECONDS,
        )

    async def send(self, text: str) -> None:
        """Publish a text, unless no server is connected; see ``Transport``."""
        if self._client is not None and self._client.is_connected:
            await self._client.publish(self._subject, text.encode())

    async def close(self) -> None:
        """Do nothing: ``listen`` closes what it has opened."""


async def _warn(error: Exception) -> None:
    from nats.errors import Error

    said = str(error) if isinstance(error, Error) else describe(error)  # theirs quote no password
    logger.warning("NATS: %s", said, extra={"kind": said})
