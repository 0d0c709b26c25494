"""One open stream: a session in a room, whose client only reads.

It is a client of the node like a connection: revoked, called back and stopped with the others.
"""

from __future__ import annotations

import asyncio
from typing import Final

from chatlog.chat.joined_rooms import JoinedRooms
from chatlog.chat.parts import Parts
from chatlog.chat.people.credentials import Credentials
from chatlog.domain.errors import RateLimited, Refused
from chatlog.domain.identity import Identity
from chatlog.kinds.join import JoinRequest
from chatlog.kinds.leave import Cause
from chatlog.web.keys import HTTP
from chatlog.web.streams.outlet import StreamOutlet
from chatlog.wire.answers import Error
from chatlog.wire.frames import GOING_AWAY, TOO_MANY_CONNECTIONS, TOO_SLOW

COMMENT_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 10.0
"""When to try again after too many connections."""

_SAID_IN_STREAM: Final = frozenset({"after_unknown", "diverged"})
"""The codes of refusals that are a stream's only message: a browser shows no script a status."""


class Stream:
    """The state of one stream."""

    __slots__ = ("_credentials", "_joined", "_left", "_outlet", "_parts")

    def __init__(self, parts: Parts, outlet: StreamOutlet) -> None:
        self._parts = parts
        self._outlet = outlet
        self._credentials = (
            None if parts.access is None else Credentials(parts.access, outlet, self.close)
        )
        self._left: tuple[str, str] | None = None
        self._joined = JoinedRooms(
            parts, outlet, self._credentials, via=HTTP, makes_rooms=False, left=self._has_left
        )

    async def open(self, identity: Identity | None, join: JoinRequest) -> None:
        """Join the room. A client who cannot resume is told so by the stream, which has ended then.

        Raises:
            Refused, OutcomeUnknown: there is no stream.
        """
        if self._credentials is not None:
            await self._credentials.begin(identity)
        if self._outlet.closed_with == TOO_MANY_CONNECTIONS:
            raise RateLimited("You have too many connections.", RETRY_SECONDS)
        try:
            await self._joined.join(join)
        except Refused as error:
            if error.code not in _SAID_IN_STREAM:
                raise
            self._finish(error.code, error.sentence)

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
        """End the stream after the last event of its session."""
        if self._left is None:
            return
        name, cause = self._left
        if (room := self._parts.rooms.get(name)) is not None:
            await room.until_left(self._outlet)
        if cause == "kicked":
            self._finish("forbidden", "You have been removed from this room.")
        else:
            self._outlet.let_go(GOING_AWAY)

    def _finish(self, code: str, sentence: str) -> None:
        self._parts.refusals[code] += 1
        self._outlet.finish(Error(code, sentence))

    def _has_left(self, room: str, cause: str) -> None:
        self._left = (room, cause)
        self._outlet.woken.set()

    @property
    def cause(self) -> Cause:
        """The log's cause for the stream's end."""
        return "timed_out" if self._outlet.closed_with == TOO_SLOW else "disconnected"

    def end_if_revoked(self) -> None:
        """End the stream if its token has been revoked."""
        if self._credentials is not None:
            self._credentials.end_if_revoked()

    def close(self, cause: Cause) -> None:
        """Leave the room, because the stream has ended or is ending."""
        if self._credentials is not None:
            self._credentials.close()
        self._joined.close(cause)

    def go_away(self) -> None:
        """End the stream; the client resumes it in a moment."""
        self._outlet.let_go(GOING_AWAY)
