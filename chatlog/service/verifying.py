"""Verification for whoever asks a running server: one room at a time, from where it stood.

A room's check is kept after it, so the next one reads only what was appended since. What
was found wrong is looked at from the beginning again. A check that goes on does not look
back: whoever wants all of it checked runs ``chatlog verify``.
"""

from __future__ import annotations

import asyncio
from typing import Final

from chatlog.audit.verify import RoomCheck, RoomVerdict, verdict_of
from chatlog.eventlog.database import Database
from chatlog.service.turns import held

MAX_KEPT: Final = 100
"""How many rooms' checks are kept; each holds the sessions that are open in its room."""


class Verifying:
    """The checks of one node."""

    def __init__(self) -> None:
        self._checks: dict[int, RoomCheck] = {}
        self._turn = asyncio.Lock()

    async def verify(self, database: Database, number: int, room: str) -> RoomVerdict:
        """Return the verdict on the room of this number and name.

        Raises:
            Overloaded: if another room is being verified and is not done in time.
        """
        async with held(self._turn):
            return await self._go_on(database, number, room)

    async def _go_on(self, database: Database, number: int, room: str) -> RoomVerdict:
        # Taken out, so that a check that broke off half-way is not gone on with.
        check = self._checks.pop(number, None) or RoomCheck(database, number)
        verdict = await verdict_of(check, room)
        if verdict.ok:
            self._checks[number] = check
            while len(self._checks) > MAX_KEPT:
                del self._checks[next(iter(self._checks))]
        return verdict
