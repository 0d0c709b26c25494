"""A client of the node that is in rooms, over a socket or a stream."""

from __future__ import annotations

from typing import Generic, TypeVar

from chatlog.chat.joined_rooms import JoinedRooms
from chatlog.chat.parts import Parts
from chatlog.chat.people.credentials import Credentials
from chatlog.delivery.outlet import Outlet
from chatlog.domain.identity import Identity
from chatlog.kinds.leave import Cause
from chatlog.wire.frames import GOING_AWAY

O = TypeVar("O", bound=Outlet)  # noqa: E741


class RoomsClient(Generic[O]):
    """How such a client begins and ends.

    A subclass makes ``_joined``.
    """

    __slots__ = ("_credentials", "_joined", "_outlet", "_parts")

    _joined: JoinedRooms

    def __init__(self, parts: Parts, outlet: O) -> None:
        self._parts = parts
        self._outlet = outlet
        self._credentials = (
            None if parts.access is None else Credentials(parts.access, outlet, self.close)
        )

    async def begin(self, identity: Identity | None) -> None:
        """Greet a client whose handshake proved who it is, or wait for it to do so."""
        if self._credentials is not None:
            await self._credentials.begin(identity)

    def end_if_revoked(self) -> None:
        """End the connection if its token has been revoked."""
        if self._credentials is not None:
            self._credentials.end_if_revoked()

    def close(self, cause: Cause) -> None:
        """Accept nothing more and leave all rooms, because the connection is closed or closing."""
        if self._credentials is not None:
            self._credentials.close()
        self._joined.close(cause)

    def go_away(self) -> None:
        """Tell the client to come back in a moment."""
        self._outlet.let_go(GOING_AWAY)
