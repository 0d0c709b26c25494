"""The face of a client: connect, and join rooms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Final
from urllib.parse import urlsplit

from chatlog.client.connection import Address, ConnectionState
from chatlog.client.credentials import Credentials, Token
from chatlog.client.errors import Unreachable
from chatlog.client.frames import Answer
from chatlog.client.inbox import Mark
from chatlog.client.link import Command
from chatlog.client.membership import Membership, Presence
from chatlog.client.room import Room
from chatlog.client.session import Session
from chatlog.client.settings import DEFAULT_LIMITS, Limits

_SCHEMES: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class Chat:
    """A member of rooms on one server, under one name; ``connect`` makes it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rooms: dict[str, Room] = {}

    @property
    def username(self) -> str:
        """The name that this client has: in token mode the server says which."""
        return self._session.credentials.username

    async def join(
        self,
        name: str,
        *,
        backlog: int = 0,
        after: int | None = None,
        hash: str | None = None,
        presence: Presence = "full",
    ) -> Room:
        """Be in a room from now on; return it once its past is there to be read.

        ``backlog``: how many of the newest messages to read first, at most 500. ``after`` and
        ``hash``: those of the last event that an earlier program read; reading continues after it.

        ``presence="digest"``, for rooms of thousands: on every connection, joins and leaves in a
        row may come as one ``PresenceFrame``, which covers the seqs from ``from_`` to ``seq``. Its
        ``seq`` and ``hash`` are a cursor like an event's. Further sessions, and why somebody left,
        are then in ``Room.history`` only. Replayed events, single ones, and what a slow reader gets
        from the log still come each by itself; so do this client's own join and leave.

        For a room that was joined before, all of these count for nothing.

        Raises:
            Refused: the server does not let this client in; ``diverged`` and ``after_unknown`` mean
                that its log is not the one that was read.
        """
        if hash and after is None:
            raise ValueError("`hash` needs `after`: it is the hash of the event at `after`")
        if backlog and after is not None:
            raise ValueError("give either `after` or `backlog`, not both")
        known = self._session.rooms.get(name)
        if known is not None:
            await known.live.passed()
            return self._rooms[name]
        mark = None if after is None else Mark(after, hash or None)
        membership = Membership(name, mark, backlog, presence, self._session)
        self._rooms[name] = Room(membership, self._session)
        self._session.enter(membership)
        try:
            await membership.live.passed()
        except asyncio.CancelledError:  # nobody would read it
            self._session.forget(membership)
            self._session.reconnect()
            raise
        return self._rooms[name]

    async def ask(self, command: Command, *, id: str | None = None) -> Answer:
        """Send a command of the protocol once, and return its answer.

        Raises:
            Refused: the server refused it, or its outcome is unknown.
            Unreachable: the connection was lost before the answer, which is then unknown.
        """
        await self._session.signed_in.passed()
        return await self._session.request(command, id)


@asynccontextmanager
async def connect(
    url: str,
    *,
    username: str | None = None,
    token: Token | None = None,
    headers: Mapping[str, str] | None = None,
    ssl: SSLContext | bool = True,
    limits: Limits = DEFAULT_LIMITS,
    on_state: Callable[[ConnectionState], None] = lambda _: None,
) -> AsyncIterator[Chat]:
    """Connect to the server at ``url``, and stay connected until the block ends.

    ``url`` is ``ws://HOST:PORT/ws``, or the server's ``http:`` or ``https:`` address. In open mode
    give a ``username``. In token mode give a ``token``, or a function or coroutine function that
    returns the newest one: it is asked at each connection, and a minute before a token ends.
    ``headers`` go into the handshake, for a server whose application signs people in by them.

    ``on_state`` is called with each change of the connection.

    Raises:
        Unreachable: there was no connection within ``limits.connect_seconds``.
        Refused: the server does not want this client.
    """
    if username is None and token is None and headers is None:
        raise TypeError("connect() needs a username, a token, or headers that sign in")
    if username is not None and token is not None:
        raise TypeError("connect() takes either a username or a token: the token says the name")
    credentials = Credentials(username, token)
    address = Address(socket_url(url), headers or {}, ssl)
    session = Session(address, credentials, limits, on_state)
    task = asyncio.create_task(session.run())
    try:
        await _first_connection(session, limits.connect_seconds)
        yield Chat(session)
    finally:
        session.end(Unreachable("The client is closed."))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _first_connection(session: Session, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await session.signed_in.passed()
    except TimeoutError:
        raise Unreachable(f"The server cannot be reached: {session.trouble}") from None


def socket_url(url: str) -> str:
    """Return the address of a server's WebSocket.

    Raises:
        ValueError: if it is no address of a server.
    """
    given = urlsplit(url)
    if given.scheme not in _SCHEMES or not given.hostname:
        raise ValueError(f"{url} is no address such as ws://127.0.0.1:8080/ws")
    if given.scheme in {"ws", "wss"}:
        return url
    path = given.path.rstrip("/")
    path = path if path.endswith("/ws") else f"{path}/ws"
    return given._replace(scheme=_SCHEMES[given.scheme], path=path).geturl()
