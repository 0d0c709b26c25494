"""Which tokens are revoked: a copy in memory of what the log holds, brought up by polling.

``run`` reads what is new every second, also what other nodes have written, and tells whoever
has connections open. While the log cannot be read, what is known stays.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chatlog.domain.errors import ChatlogError
from chatlog.domain.identity import Identity
from chatlog.domain.revocation import SUBJECT, TOKEN, Revocation, revocation_key

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0

ReadSince = Callable[[int], Awaitable[Sequence[Revocation]]]
"""Returns the revocations with a greater number, in order."""


class Revoked:
    """The revocations of a log.

    ``secret`` is the log's; ``on_new`` is called after new ones have been taken in, so that open
    connections can be looked through with ``is_revoked``.
    """

    def __init__(
        self,
        read_since: ReadSince,
        secret: bytes,
        *,
        on_new: Callable[[], None] = lambda: None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._read_since = read_since
        self._secret = secret
        self._on_new = on_new
        self._poll_seconds = poll_seconds
        self._number = 0
        self._issued_until: dict[bytes, float] = {}
        self._tokens: set[bytes] = set()
        self._is_failing = False

    def is_revoked(self, identity: Identity) -> bool:
        """Return whether an identity's token is revoked; 1 µs where there are no revocations.

        A token that does not say when it was issued counts as issued before any revocation.
        """
        if self._issued_until:
            key = revocation_key(self._secret, SUBJECT, identity.subject)
            issued_at = -math.inf if identity.issued_at is None else identity.issued_at
            if key in self._issued_until and issued_at <= self._issued_until[key]:
                return True
        if self._tokens and identity.token_id is not None:
            return revocation_key(self._secret, TOKEN, identity.token_id) in self._tokens
        return False

    async def refresh(self) -> None:
        """Take in what is new; call it once before serving.

        Raises:
            ChatlogError: if the log cannot be read.
        """
        if new := await self._read_since(self._number):
            for revocation in new:
                self._take(revocation)
            self._on_new()

    async def run(self) -> None:
        """Take in what is new every ``poll_seconds``, until cancelled."""
        while True:
            await asyncio.sleep(self._poll_seconds)  # other processes write without a bell
            try:
                await self.refresh()
            except ChatlogError as error:
                self._say_failing(type(error).__name__)
            else:
                self._is_failing = False

    def _take(self, revocation: Revocation) -> None:
        self._number = max(self._number, revocation.number)
        if revocation.kind == TOKEN:
            self._tokens.add(revocation.key)
        elif revocation.issued_until is not None:
            before = self._issued_until.get(revocation.key, -math.inf)
            self._issued_until[revocation.key] = max(before, revocation.issued_until)

    def _say_failing(self, failure: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            logger.warning("Revocations of tokens cannot be read now (%s).", failure)
