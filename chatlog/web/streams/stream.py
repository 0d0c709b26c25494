"""One open stream: a session in each of its rooms, whose client only reads.

It is a client of the node like a connection: revoked, called back and stopped with the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from chatlog.chat.joined_rooms import JoinedRooms
from chatlog.chat.parts import Parts
from chatlog.chat.rooms_client import RoomsClient
from chatlog.domain.errors import OutcomeUnknown, RateLimited, Refused
from chatlog.domain.identity import Identity
from chatlog.kinds.join import JoinRequest
from chatlog.kinds.leave import Cause
from chatlog.web.keys import HTTP
from chatlog.web.streams.outlet import StreamOutlet
from chatlog.wire.frames import GOING_AWAY, TOO_MANY_CONNECTIONS, TOO_SLOW
from chatlog.wire.server_sent import StreamError

COMMENT_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 10.0
"""When to try again after too many connections."""

_SAID_IN_STREAM: Final = frozenset({"after_unknown", "diverged"})
"""The codes of refusals that are a stream's only message: a browser shows no script a status."""

_PASSING: Final = frozenset({"outcome_unknown", "overloaded", "storage_full", "unavailable"})
"""The codes of refusals after which the client may come back."""


class Stream(RoomsClient[StreamOutlet]):
    """The state of one stream."""

    __slots__ = ("_is_several", "_left")

    def __init__(self, parts: Parts, outlet: StreamOutlet) -> None:
        super().__init__(parts, outlet)
        self._is_several = False
        self._left: list[tuple[str, str]] = []
        self._joined = JoinedRooms(
            parts, outlet, self._credentials, via=HTTP, makes_rooms=False, left=self._has_left
        )

    async def open(self, identity: Identity | None, join: JoinRequest) -> None:
        """Join the room. A client who cannot resume is told so by the stream, which has ended then.

        Raises:
            Refused, OutcomeUnknown: there is no stream.
        """
        await self._begin(identity)
        try:
            await self._joined.join(join)
        except Refused as error:
            if error.code not in _SAID_IN_STREAM:
                raise
            self._tell([StreamError(error.code, error.sentence)])

    async def open_several(self, identity: Identity | None, joins: Sequence[JoinRequest]) -> None:
        """Join these rooms. Those that cannot be joined are errors in the stream.

        Raises:
            Refused: there is no stream.
        """
        self._is_several = True
        await self._begin(identity)
        errors: list[StreamError] = []
        for join in joins:
            try:
                join.check(self._parts.limits)
                await self._joined.join(join)
            except (Refused, OutcomeUnknown) as error:
                errors.append(StreamError(error.code, error.sentence, join.room))
        self._tell(errors)

    async def _begin(self, identity: Identity | None) -> None:
        await self.begin(identity)
        if self._outlet.closed_with == TOO_MANY_CONNECTIONS:
            raise RateLimited("You have too many connections.", RETRY_SECONDS)

    async def serve(self) -> None:
        """Return once the stream has ended; until then write a comment from time to time."""
        outlet = self._outlet
        while outlet.is_open:
            try:
                async with asyncio.timeout(COMMENT_SECONDS):
                    await outlet.woken.wait()
            except TimeoutError:
                outlet.comment()
            else:
                await self._end()

    async def _end(self) -> None:
        """End what has ended, after the last events of its sessions."""
        self._outlet.woken.clear()
        while self._left:
            name, cause = self._left.pop(0)
            if (room := self._parts.rooms.get(name)) is not None:
                await room.until_left(self._outlet)
            if cause == "kicked":
                shown = name if self._is_several else None
                removed = "You have been removed from this room."
                self._tell([StreamError("forbidden", removed, shown)])
            else:
                self._outlet.let_go(GOING_AWAY)

    def _tell(self, errors: Sequence[StreamError]) -> None:
        """Write errors; the last one ends a stream that has no room any more."""
        for number, error in enumerate(errors, 1):
            self._parts.refusals[error.code] += 1
            is_last = number == len(errors) and not (self._joined or self._left)
            if is_last and error.code not in _PASSING:
                self._outlet.finish(error)
                return
            self._outlet.say(error)
            if is_last:
                self._outlet.let_go(GOING_AWAY)

    def _has_left(self, room: str, cause: str) -> None:
        self._left.append((room, cause))
        self._outlet.woken.set()

    @property
    def cause(self) -> Cause:
        """The log's cause for the stream's end."""
        return "timed_out" if self._outlet.closed_with == TOO_SLOW else "disconnected"
