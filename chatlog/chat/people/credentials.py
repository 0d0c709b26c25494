"""Who is behind a connection, where people prove who they are: sign in, renew, expire.

A connection has a few seconds to sign in. A token that ends is announced a minute before; at its
end, or once it is revoked, every room is left and the connection is closed, whether the leaves
can be written or not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from chatlog.chat.people.access import Access
from chatlog.delivery.outlet import Outlet
from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.times import text
from chatlog.kinds.leave import Cause
from chatlog.wire.answers import Authenticated, AuthExpiring, encode_answer
from chatlog.wire.frames import NOT_AUTHENTICATED, TOO_MANY_CONNECTIONS, text_frame

NOTICE_SECONDS: Final = 60.0
_LONGEST_SLEEP_SECONDS: Final = 3_600.0


class Credentials:
    """The identity of one connection. ``left`` leaves its rooms, for the cause given."""

    __slots__ = ("_access", "_is_closed", "_left", "_outlet", "_timer", "_was_told", "identity")

    def __init__(self, access: Access, outlet: Outlet, left: Callable[[Cause], None]) -> None:
        self._access = access
        self._outlet = outlet
        self._left = left
        self.identity: Identity | None = None
        self._was_told = self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None

    async def begin(self, identity: Identity | None) -> None:
        """Greet somebody whose handshake had a token; wait a while for anybody else's."""
        if identity is None:
            self._later(self._access.auth_seconds, self._give_up)
        else:
            await self._accept(identity, None)

    def required(self) -> Identity:
        """Return the identity.

        Raises:
            Refused: ``not_authenticated``.
        """
        if self.identity is None:
            raise Refused("not_authenticated", "Send an `auth` with your token first.")
        return self.identity

    async def authenticate(self, token: str, id: str | None) -> None:
        """Sign in by a token, or renew the one before.

        Raises:
            Refused: ``token_invalid``, which ends a connection that has not signed in, or
                ``forbidden``, if it is somebody else's.
        """
        try:
            identity = await self._access.check(token)
        except Refused:
            if self.identity is None:
                asyncio.get_running_loop().call_soon(self._give_up)
            raise
        if self.identity is not None and identity.subject != self.identity.subject:
            raise Refused("forbidden", "This token is somebody else's: open another connection.")
        await self._accept(identity, id)

    async def _accept(self, identity: Identity, id: str | None) -> None:
        name = await self._access.name_of(identity)
        if self.identity is None and not self._access.connections.add(identity.subject):
            self.stop()
            self._outlet.let_go(TOO_MANY_CONNECTIONS, b"too many connections of yours")
            return
        self.identity = identity
        self._was_told = False
        ends = None if identity.expires_at is None else text_of(identity.expires_at)
        answer = Authenticated(identity.subject, name, sorted(identity.scope), ends, id)
        self._outlet.write(text_frame(encode_answer(answer)))
        self._watch()
        self.end_if_revoked()  # it may have been, while the name was looked up

    def _watch(self) -> None:
        """Announce the end, or end, when it is time; otherwise look again later."""
        if self.identity is None or self.identity.expires_at is None:
            self.stop()
            return
        left = self.identity.expires_at - time.time()
        if left <= 0:
            self.end("expired")
            return
        if left <= NOTICE_SECONDS and not self._was_told:
            self._was_told = True
            expiring = AuthExpiring(text_of(self.identity.expires_at))
            self._outlet.write(text_frame(encode_answer(expiring)))
        wait = left if self._was_told else left - NOTICE_SECONDS
        self._later(min(wait, _LONGEST_SLEEP_SECONDS), self._watch)

    def end(self, cause: Cause) -> None:
        """Leave every room and close the connection."""
        self.stop()
        self._left(cause)
        self._outlet.let_go(NOT_AUTHENTICATED, b"sign in again")

    def end_if_revoked(self) -> None:
        """End the connection if its token has been revoked."""
        if self.identity is not None and self._access.is_revoked(self.identity):
            self.end("revoked")

    def close(self) -> None:
        """Count this connection no longer."""
        self.stop()
        if self.identity is not None and not self._is_closed:
            self._is_closed = True
            self._access.connections.remove(self.identity.subject)

    def stop(self) -> None:
        """Watch the time no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(seconds, act)

    def _give_up(self) -> None:
        if self.identity is None:
            self.end("disconnected")


def text_of(at: float) -> str:
    """Return a time in seconds since 1970 as text, as late as texts can say."""
    try:
        return text(datetime.fromtimestamp(at, UTC))
    except (OverflowError, ValueError, OSError):
        return "9999-12-31T23:59:59.999999Z"
