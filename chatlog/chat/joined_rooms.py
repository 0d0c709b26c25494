"""The rooms that one connection is in, under its one username.

A connection waits for a join or leave, so that the next command sees it done. Its outcome is
recorded before its event is dispatched.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from chatlog.chat.live import RoomMember
from chatlog.chat.parts import Parts
from chatlog.delivery.outlet import Outlet
from chatlog.domain.counts import counted
from chatlog.domain.errors import OutcomeUnknown, Refused, Unavailable
from chatlog.eventlog.committer import Told
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import JoinRequest
from chatlog.kinds.leave import Cause, Leave
from chatlog.readers.admission import Admission
from chatlog.readers.askers import Claimant


class JoinedRooms:
    """The open sessions of one connection, by room, in the order of joining."""

    __slots__ = ("_closed", "_outlet", "_parts", "_sessions", "_username")

    def __init__(self, parts: Parts, outlet: Outlet) -> None:
        self._parts = parts
        self._outlet = outlet
        self._username: str | None = None
        self._sessions: dict[str, str] = {}
        self._closed: Cause | None = None

    @property
    def asker(self) -> Claimant:
        """Who reads over this connection."""
        return Claimant(self._username)

    @property
    def is_closed(self) -> bool:
        """Whether the connection accepts nothing more."""
        return self._closed is not None

    def find(self, room: str | None) -> tuple[str, str]:
        """Return the given room and the session in it; None means the room joined last.

        Raises:
            Refused: ``not_joined``.
        """
        name = next(reversed(self._sessions), "") if room is None else room
        session = self._sessions.get(name)
        if session is None:
            raise Refused("not_joined", "Join the room first.")
        return name, session

    async def join(self, command: JoinRequest) -> None:
        """Append a join; its answer is sent with its event.

        Raises:
            Refused, OutcomeUnknown: the client was not placed in the room.
        """
        self._check(command)
        asker = Claimant(command.username)
        admission = await self._parts.door.admit(asker, command.room, "join")
        with self._parts.rooms.holding(command.room):
            await self._join(command, admission)

    async def _join(self, command: JoinRequest, admission: Admission) -> None:
        room = await self._parts.rooms.open(command.room)
        session = secrets.token_hex(16)
        room.joining[session] = RoomMember(self._outlet, admission.frames, command.id, self._ended)

        def joined(_: Recorded) -> None:
            self._username = command.username
            self._sessions[command.room] = session
            if self._closed is not None:
                self.close(self._closed)

        try:
            await room.until_left(self._outlet)
            if self._closed is not None:
                raise Unavailable
            await self._append(command.command(session), joined)
        except Refused:
            room.drop(session)
            raise
        except BaseException:  # it may have come into the log
            room.drop(session)
            self._parts.departures.add([Leave(command.room, session, "disconnected")])
            raise

    def _check(self, command: JoinRequest) -> None:
        limits = self._parts.limits
        if self._username not in (None, command.username):
            raise Refused("username_fixed", f"On this connection you are {self._username}.")
        if command.room in self._sessions:
            raise Refused("already_joined", "You are already in this room.")
        if len(self._sessions) >= limits.max_rooms_per_connection:
            most = limits.max_rooms_per_connection
            raise Refused(
                "too_many_rooms", f"A connection may be in at most {counted(most, 'room')}."
            )

    async def leave(self, room: str | None, acknowledge: Callable[[Recorded], None]) -> None:
        """Append a leave; ``acknowledge`` is called before its event is dispatched.

        Raises:
            Refused, OutcomeUnknown: from the committer; in doubt the leave is retried.
        """
        name, session = self.find(room)

        def left(told: Recorded) -> None:
            acknowledge(told)
            self._ended(name, session)

        leave = Leave(name, session, "left")
        try:
            await self._append(leave, left)
        except OutcomeUnknown:
            self._parts.departures.add([leave])
            raise

    def _ended(self, room: str, session: str) -> None:
        """Record that a session has ended, for whatever reason."""
        if self._sessions.get(room) == session:
            del self._sessions[room]

    async def _append(self, command: Command, recorded: Callable[[Recorded], None]) -> None:
        settled: asyncio.Future[Told] = asyncio.get_running_loop().create_future()

        def done(told: Told) -> None:
            if isinstance(told, Recorded):
                recorded(told)
            if not settled.done():
                settled.set_result(told)

        self._parts.committer.submit(command, done)
        told = await settled
        if isinstance(told, Refused | OutcomeUnknown):
            raise told

    def close(self, cause: Cause) -> None:
        """Accept nothing more and leave every room; the first given cause counts."""
        self._closed = self._closed or cause
        leaves = [Leave(room, session, self._closed) for room, session in self._sessions.items()]
        for leave in leaves:
            if (room := self._parts.rooms.get(leave.room)) is not None:
                room.drop(leave.session)
        self._sessions.clear()
        self._parts.departures.add(leaves)
