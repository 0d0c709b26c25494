"""Verification by a running server: one room at a time, continuing earlier checks.

A room's check is kept, so the next verification reads only the events appended since. A room
found wrong is checked from the beginning again. A continued check does not reread earlier events:
run ``chatlog verify`` for that.
"""

from __future__ import annotations

import asyncio
from typing import Final

from chatlog.audit.verification.check_room import RoomCheck, RoomVerdict, verdict_of
from chatlog.databases.database import Database
from chatlog.readers.admission import Admission
from chatlog.readers.turns import held

MAX_KEPT: Final = 100
"""Number of checks kept; each holds the open sessions of its room."""


class Verifying:
    """The checks of one node."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._checks: dict[int, RoomCheck] = {}
        self._turn = asyncio.Lock()

    async def verdict(self, admission: Admission) -> RoomVerdict:
        """Return the verdict on the room.

        Raises:
            Refused: ``room_unknown`` for a room without events.
            Overloaded: if the verification of another room does not end in time.
        """
        number = await admission.number()
        async with held(self._turn):
            return await self._go_on(number, admission.room)

    async def _go_on(self, number: int, room: str) -> RoomVerdict:
        # Removed first, so that an interrupted check is never continued.
        check = self._checks.pop(number, None) or RoomCheck(self._database, number)
        verdict = await verdict_of(check, room)
        if verdict.ok:
            self._checks[number] = check
            while len(self._checks) > MAX_KEPT:
                del self._checks[next(iter(self._checks))]
        return verdict
