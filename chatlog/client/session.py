"""What goes on between one client and one server: frames come up through here, commands go down.

Each connection begins by signing in, if the server wants a token; then the rooms are joined again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Final

from chatlog.client.connection import Address, Connected, Connection, ConnectionState, Waiting
from chatlog.client.credentials import Credentials
from chatlog.client.errors import Unreachable
from chatlog.client.frames import Answer, Authenticated, AuthExpiring, CaughtUp, Error, UsersFrame
from chatlog.client.gate import Gate
from chatlog.client.link import Command
from chatlog.client.membership import Membership
from chatlog.client.reading import RoomEvent, frame_in
from chatlog.client.requests import Requests
from chatlog.client.settings import Limits
from chatlog.domain.errors import Refused

_log: Final = logging.getLogger(__name__)
_TOO_LARGE: Final = 1009


class Session:
    """A client, as its rooms and its connection see it."""

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        limits: Limits,
        on_state: Callable[[ConnectionState], None],
    ) -> None:
        self.limits = limits
        self.signed_in = Gate()
        self.credentials = credentials
        self.rooms: dict[str, Membership] = {}
        self.trouble = "The server did not answer in time."
        """Why there is no connection."""
        self._on_state = on_state
        self._connection = Connection(address, limits, self)
        self._requests = Requests(self._connection.send)
        self._tasks: asyncio.TaskGroup | None = None
        self._was_signed_in = False

    async def run(self) -> None:
        """Keep the connection, until cancelled or refused for good; then everybody is told."""
        try:
            await self._connection.run()
        except Refused as error:
            fault = self.credentials.fault
            self.end(error if fault is None else Refused("token_invalid", fault))
        except Exception as error:  # noqa: BLE001 - whoever waits for this client gets it
            self.end(error)

    def end(self, error: BaseException) -> None:
        """Be over: raise this for all who wait and all who come."""
        self.signed_in.fail(error)
        for membership in list(self.rooms.values()):
            membership.end(error)
        self._requests.lost()
        self._connection.stop()

    # --- for rooms -------------------------------------------------------------------------

    @property
    def is_open_mode(self) -> bool:
        """Whether names are claims."""
        return self.credentials.is_open_mode

    @property
    def who(self) -> Mapping[str, str]:
        """The fields of a ``join`` that say who joins."""
        return {"username": self.credentials.username} if self.is_open_mode else {}

    def is_mine(self, username: str) -> bool:
        """Return whether this client has or had this name."""
        return username in self.credentials.names

    async def request(
        self, command: Command, id: str | None = None, *, is_long: bool = False
    ) -> Answer:
        """Send a command once and return its answer."""
        return await self._requests.ask(command, self.limits.answer_seconds, id, is_long=is_long)

    def reconnect(self) -> None:
        """Come back on another connection: something went wrong on this one."""
        self._connection.drop()

    def enter(self, membership: Membership) -> None:
        """Begin to join a room, on this connection if there is one, else on the next."""
        if self.signed_in.error is not None:
            return membership.end(self.signed_in.error)
        self.rooms[membership.name] = membership
        if self.signed_in.is_open:
            self._spawn(membership.enter())
        return None

    def forget(self, membership: Membership) -> None:
        """Join a room no more."""
        if self.rooms.get(membership.name) is membership:
            del self.rooms[membership.name]

    # --- for the connection ----------------------------------------------------------------

    def opened(self, tasks: asyncio.TaskGroup) -> None:
        """Begin on a new socket: sign in and join."""
        self._tasks = tasks
        if self.is_open_mode:
            self._begin()
        elif self.credentials.has_token:
            self._spawn(self._sign_in())

    def heard(self, text: str) -> None:
        """Take a frame."""
        self._requests.heard()
        frame = frame_in(text)
        if frame is None:
            return
        is_answer = self._requests.answer(frame)
        match frame:
            case CaughtUp() if is_answer and frame.room in self.rooms:
                self.rooms[frame.room].caught_up()
            case UsersFrame() if not is_answer and frame.room in self.rooms:
                self.rooms[frame.room].users(frame)
            case Authenticated() if not is_answer:  # the handshake has signed in
                self._accept(frame)
            case Error(code="token_invalid") if not self.signed_in.is_open:
                self.credentials.fault = frame.message  # the close follows at once
            case AuthExpiring():
                self._spawn(self._renew())
            case _ if isinstance(frame, RoomEvent) and frame.room in self.rooms:
                self.rooms[frame.room].event(frame)
            case _:
                pass  # of a room that was left

    def lost(self, code: int | None) -> None:
        """Know that the socket is gone."""
        self._tasks = None
        self.signed_in.shut()
        for membership in list(self.rooms.values()):
            membership.lost()
        if code == _TOO_LARGE:  # sending it again would be answered in the same way
            self._requests.refuse_largest()
        self._requests.lost()

    def waiting(self, state: Waiting) -> None:
        """Know why there is no connection, and when the next one is tried."""
        self.trouble = state.reason
        self._on_state(state)

    async def has_other_token(self) -> bool:
        """Say whether to come back after the server has closed for want of a valid token."""
        try:
            return await self.credentials.may_try_another()
        except Exception as error:  # noqa: BLE001 - the callback's: it may work with the next try
            _log.warning("no token could be got: %r", error)
            return True

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run a task that ends with the connection."""
        try:
            if self._tasks is not None:
                self._tasks.create_task(work)
                return
        except RuntimeError:  # the connection is ending
            pass
        work.close()

    # --- signing in ------------------------------------------------------------------------

    def _begin(self) -> None:
        self._was_signed_in = True
        self.signed_in.open()
        self._on_state(Connected())
        for membership in list(self.rooms.values()):
            self.enter(membership)

    def _accept(self, frame: Authenticated) -> None:
        self.credentials.accepted(frame.username)
        if not self.signed_in.is_open:
            self._begin()

    async def _sign_in(self) -> None:
        try:
            token = await self.credentials.newest()
        except Exception as error:  # noqa: BLE001 - the callback's
            if not self._was_signed_in:
                return self.end(error)
            _log.warning("no token could be got: %r", error)
            return self.reconnect()
        if token is None:
            return self.end(Refused("not_authenticated", "There is no token."))
        return await self._present(token)

    async def _renew(self) -> None:
        try:
            token = await self.credentials.other()
        except Exception as error:  # noqa: BLE001 - the callback's: it is asked again at the end
            return _log.warning("no newer token could be got: %r", error)
        if token is not None:
            await self._present(token)
        return None

    async def _present(self, token: str) -> None:
        """Show the server a token; a bad one ends a connection, unless it has a good one."""
        self.credentials.sent(token)
        try:
            answer = await self.request({"type": "auth", "token": token})
        except Unreachable:
            self.reconnect()
        except Refused as error:
            if self.signed_in.is_open:
                _log.warning("the newer token was refused: %s", error)
        else:
            assert isinstance(answer, Authenticated)
            self._accept(answer)
