"""One WebSocket that is kept open, with aiohttp.

It connects, notices when the other side is gone, also where no close arrives, and comes back by
itself after jittered pauses. It knows frames as text only, and nothing of rooms.

Promises: ``opened`` is called for each new socket before its first frame, ``lost`` once after its
last; nobody waits for the other side to read, so that a caller who is cancelled harms nothing.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Final, Protocol

import aiohttp

from chatlog.client.errors import Unreachable
from chatlog.client.settings import Limits, pause_seconds
from chatlog.domain.errors import Refused, said_by_system

_CLOSE_SECONDS: Final = 2.0
_NOT_AUTHENTICATED: Final = 4401
_FORBIDDEN: Final = 4403
# A full server, or one that finds this client faulty, is left alone for longer from the first try.
_SLOW: Final = frozenset({4400, 4429})
_SLOW_ATTEMPT: Final = 4
_FINAL_STATUS: Final = {401: "not_authenticated", 403: "forbidden"}
_PASSING_STATUS: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Connected:
    """The server is there, and knows who this is."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """There is no connection; the next try is in so many seconds."""

    reason: str
    retry_seconds: float


ConnectionState = Connected | Waiting


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is, and how it is reached."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    ssl: SSLContext | bool = True


class Owner(Protocol):
    """Whose connection it is."""

    def opened(self, tasks: asyncio.TaskGroup) -> None:
        """Begin on a new socket; tasks in the group end with the socket."""

    def heard(self, text: str) -> None:
        """Take a frame."""

    def lost(self, code: int | None) -> None:
        """Know that the socket is gone, and with which code it was closed."""

    def waiting(self, state: Waiting) -> None:
        """Know why there is no connection, and when the next one is tried."""

    async def has_other_token(self) -> bool:
        """Say whether to come back after the server has closed for want of a valid token."""


class _Ended(Exception):
    """The socket is closed."""


class Connection:
    """Runs until it is cancelled or refused for good."""

    def __init__(self, address: Address, limits: Limits, owner: Owner) -> None:
        self._address = address
        self._limits = limits
        self._owner = owner
        self._attempt = 0
        self._was_open = False
        self._is_over = False
        self._outgoing: asyncio.Queue[str | None] | None = None

    def send(self, text: str) -> None:
        """Send a text soon, without waiting for the other side.

        Raises:
            Unreachable: there is no connection.
        """
        if self._outgoing is None:
            raise Unreachable("There is no connection to the server at the moment.")
        self._outgoing.put_nowait(text)

    def drop(self) -> None:
        """Close the socket, on which something went wrong, and come back on another."""
        if self._outgoing is not None:
            self._outgoing.put_nowait(None)

    def stop(self) -> None:
        """Close the socket, and open no other."""
        self._is_over = True
        self.drop()

    async def run(self) -> None:
        """Keep a socket open.

        Raises:
            Refused: the server does not want this client; coming back would be useless.
            Unreachable: what answers at this address, the first time, is no chatlog.
        """
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout, headers=self._address.headers) as http:
            while not self._is_over:
                reason = await self._try(http)
                if reason is not None and not self._is_over:
                    await self._pause(reason)

    async def _try(self, http: aiohttp.ClientSession) -> str | None:
        """Open a socket and use it to its end; return why to pause, None if not at all."""
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                ws = await self._open(http)
        except aiohttp.WSServerHandshakeError as error:
            self._check_status(error.status)
            return f"The server answered {error.status}."
        except TimeoutError:
            return "The server did not answer in time."
        except aiohttp.ClientConnectorError as error:
            return _said(error.os_error)
        except (aiohttp.ClientError, OSError) as error:
            return f"{error}." if str(error) else "The server closed the connection."
        async with ws:
            await self._use(ws)
        return await self._judged(ws.close_code or aiohttp.WSCloseCode.ABNORMAL_CLOSURE)

    async def _open(self, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        return await http.ws_connect(
            self._address.url,
            heartbeat=self._limits.heartbeat_seconds,
            max_msg_size=self._limits.max_frame_bytes,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            ssl=self._address.ssl,
        )

    def _check_status(self, status: int) -> None:
        if status in _FINAL_STATUS:
            raise Refused(_FINAL_STATUS[status], f"The server answered the connection {status}.")
        if not self._was_open and status < 500 and status not in _PASSING_STATUS:
            raise Unreachable(f"What answers at {self._address.url} is no chatlog: {status}.")

    async def _use(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._outgoing = asyncio.Queue()
        self._was_open = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(ws, self._outgoing))
                self._owner.opened(tasks)
                await self._read(ws)
                raise _Ended
        except* _Ended:
            pass
        finally:
            self._outgoing = None
            self._owner.lost(ws.close_code)

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            self._attempt = 0  # only now: a proxy may accept and then close, again and again
            if message.type is aiohttp.WSMsgType.TEXT:
                self._owner.heard(message.data)

    async def _write(
        self, ws: aiohttp.ClientWebSocketResponse, outgoing: asyncio.Queue[str | None]
    ) -> None:
        try:
            while (text := await outgoing.get()) is not None:
                await ws.send_str(text)
        except (aiohttp.ClientError, OSError):
            pass  # the reader is told as well
        raise _Ended

    async def _judged(self, code: int) -> str | None:
        reason = f"The server closed the connection ({code})."
        if code == _FORBIDDEN:
            raise Refused("forbidden", reason)
        if code == _NOT_AUTHENTICATED:
            if await self._owner.has_other_token():
                return None
            raise Refused("not_authenticated", reason)
        if code in _SLOW:
            self._attempt = max(self._attempt, _SLOW_ATTEMPT)
        return reason

    async def _pause(self, reason: str) -> None:
        limits = self._limits
        first, most = limits.first_retry_seconds, limits.max_retry_seconds
        seconds = pause_seconds(first, most, self._attempt, random.random())
        self._attempt += 1
        self._owner.waiting(Waiting(reason, seconds))
        await asyncio.sleep(seconds)


def _said(error: OSError) -> str:
    """Return why no connection was made; asyncio's own text does not name the reason."""
    if error.errno is None or error.errno < 0:
        return said_by_system(error)
    return f"{os.strerror(error.errno)}."
