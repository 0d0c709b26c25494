"""The rooms that one connection is in, under its one username.

A connection waits for a join or leave, so that the next command sees it done. Its outcome is
recorded before its event is dispatched.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from chatlog.chat.live import LiveRoom, RoomMember
from chatlog.chat.parts import Parts
from chatlog.chat.people.access import check_takes_part
from chatlog.chat.people.credentials import Credentials
from chatlog.delivery.outlet import Outlet
from chatlog.domain.counts import counted
from chatlog.domain.errors import OutcomeUnknown, Refused, Unavailable
from chatlog.domain.identity import Identity
from chatlog.eventlog.committing.committer import Told
from chatlog.kinds.command import Command, FirstPost
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import JoinAsPerson, JoinRequest
from chatlog.kinds.leave import Cause, Leave
from chatlog.readers.admission import Admission
from chatlog.readers.askers import Asker, Claimant, Person

_JOIN_THAT_MAKES: Final = 2
"""The seq of a join that made its room: the first event makes the joiner its owner."""


class JoinedRooms:
    """The open sessions of one connection, by room, in the order of joining."""

    __slots__ = (
        "_closed",
        "_credentials",
        "_left",
        "_makes_rooms",
        "_outlet",
        "_parts",
        "_sessions",
        "_username",
        "_via",
    )

    def __init__(
        self,
        parts: Parts,
        outlet: Outlet,
        credentials: Credentials | None,
        *,
        via: str | None = None,
        makes_rooms: bool = True,
        left: Callable[[str, str], None] = lambda _room, _cause: None,
    ) -> None:
        """``left`` is called with the room and the cause of a session that the log has ended."""
        self._parts = parts
        self._via = via
        self._makes_rooms = makes_rooms
        self._left = left
        self._outlet = outlet
        self._credentials = credentials
        self._username: str | None = None
        self._sessions: dict[str, str] = {}
        self._closed: Cause | None = None

    @property
    def asker(self) -> Asker:
        """Who reads over this connection."""
        if self._credentials is None:
            return Claimant(self._username)
        return Person(self._credentials.required(), self._via)

    @property
    def is_closed(self) -> bool:
        """Whether the connection accepts nothing more."""
        return self._closed is not None

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, room: object) -> bool:
        return room in self._sessions

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
        asker = Claimant(command.username) if self._credentials is None else self.asker
        if isinstance(asker, Person):
            await self._check_person(asker.identity, command.username)
            await self._parts.door.knock(asker.identity, command.room, self._via)
        admission = await self._parts.door.admit(asker, command.room, "join")
        with self._parts.rooms.holding(command.room):
            await self._join(command, admission)

    async def _check_person(self, identity: Identity, username: str) -> None:
        check_takes_part(identity)
        assert self._parts.access is not None
        if username not in ("", await self._parts.access.check_name(identity)):
            raise Refused("forbidden", "`username` is not the name in your token: leave it out.")

    async def _append_join(
        self,
        command: JoinRequest,
        room: LiveRoom,
        session: str,
        joined: Callable[[Recorded], None],
    ) -> None:
        makes_rooms = self._makes_rooms
        if self._credentials is None or not isinstance(command, JoinAsPerson):
            join = command.command(session)
            await self.append(replace(join, may_create=makes_rooms, via=self._via), joined)
            return
        identity, access = self._credentials.required(), self._parts.access
        assert access is not None
        exists = room.presence.seq > 0
        may_create = makes_rooms and not exists and access.may_create(identity, command.room)
        join = command.command_of(session, identity, may_create=may_create)
        join = replace(join, via=self._via)
        if not may_create:
            await self.append(join, joined)
            return
        with access.counting_creation(identity) as note:
            told = await self.append(join, joined)
            if told.seq != _JOIN_THAT_MAKES:
                note(Refused("room_exists", "Somebody else made the room first."))

    async def _join(self, command: JoinRequest, admission: Admission) -> None:
        room = await self._parts.rooms.open(command.room)
        session = secrets.token_hex(16)
        is_admin = self._credentials is not None and self._credentials.required().is_admin
        room.joining[session] = RoomMember(
            self._outlet,
            admission.frames,
            command.id,
            self._ended,
            is_admin,
            wants_digest=command.presence == "digest",
        )

        def joined(_: Recorded) -> None:
            self._username = self._username if self._credentials else command.username
            self._sessions[command.room] = session
            self._outlet.gather(on=len(self._sessions) > 1)
            if self._closed is not None:
                self.close(self._closed)

        try:
            await room.until_left(self._outlet)
            if self._closed is not None:
                raise Unavailable
            await self._append_join(command, room, session, joined)
        except Refused:
            room.drop(session)
            raise
        except BaseException:  # it may have come into the log
            room.drop(session)
            self._parts.departures.add([self._leave_of(command.room, session, "disconnected")])
            raise

    def _check(self, command: JoinRequest) -> None:
        limits = self._parts.limits
        if not self._credentials and self._username not in (None, command.username):
            raise Refused("username_fixed", f"On this connection you are {self._username}.")
        if command.room in self._sessions:
            raise Refused("already_joined", "You are already in this room.")
        if len(self._sessions) >= limits.max_rooms_per_connection:
            most = limits.max_rooms_per_connection
            raise Refused(
                "too_many_rooms", f"A connection may be in at most {counted(most, 'room')}."
            )

    def renewed(self) -> None:
        """Apply a renewed token to the rooms: whoever only a scope let in may have lost it."""
        assert self._credentials is not None
        is_admin = self._credentials.required().is_admin
        for name, session in self._sessions.items():
            if (room := self._parts.rooms.get(name)) is not None:
                room.set_admin(session, is_admin=is_admin)

    async def leave(self, room: str | None, acknowledge: Callable[[Recorded], None]) -> None:
        """Append a leave; ``acknowledge`` is called before its event is dispatched.

        Raises:
            Refused, OutcomeUnknown: from the committer; in doubt the leave is retried.
        """
        name, session = self.find(room)

        def left(told: Recorded) -> None:
            acknowledge(told)
            self._forget(name, session)

        leave = self._leave_of(name, session, "left")
        try:
            await self.append(leave, left)
        except OutcomeUnknown:
            self._parts.departures.add([leave])
            raise

    def _leave_of(self, room: str, session: str, cause: Cause) -> Leave:
        return Leave(room, session, cause, via=self._via)

    def _ended(self, room: str, session: str, cause: str) -> None:
        """Record that a session has ended, for whatever reason."""
        if self._forget(room, session):
            self._left(room, cause)

    def _forget(self, room: str, session: str) -> bool:
        if self._sessions.get(room) != session:
            return False
        del self._sessions[room]
        self._outlet.gather(on=len(self._sessions) > 1)
        return True

    async def append(
        self, command: Command, recorded: Callable[[Recorded], None] = lambda _: None
    ) -> Recorded | FirstPost:
        """Append the event of a command; ``recorded`` is called before it is dispatched.

        Raises:
            Refused, OutcomeUnknown: from the committer.
        """
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
        return told

    def close(self, cause: Cause) -> None:
        """Accept nothing more and leave every room; the first given cause counts."""
        self._closed = self._closed or cause
        leaves = [
            self._leave_of(room, session, self._closed) for room, session in self._sessions.items()
        ]
        for leave in leaves:
            if (room := self._parts.rooms.get(leave.room)) is not None:
                room.drop(leave.session)
        self._sessions.clear()
        self._parts.departures.add(leaves)
