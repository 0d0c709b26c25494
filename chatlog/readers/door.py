"""The door: every path that shows content to anybody asks here, and says who is asking.

Joining a room, its history, lists of users, the HTTP API, the shell and exports all pass
``admit``, and read with the ``Admission`` that it returns. ``decide`` is the rule: in open mode it
lets everybody in. A rule about who may read what belongs there, and nowhere else.
"""

from __future__ import annotations

from typing import Literal

from chatlog.audit.rooms import RoomInfo, rooms_after
from chatlog.readers.admission import Admission
from chatlog.readers.askers import Asker
from chatlog.readers.past_events import Reading

Action = Literal[
    "rooms",
    "join",
    "read",
    "proof",
    "users",
    "users_at",
    "sessions",
    "witnesses",
    "verify",
    "export",
]
"""What an asker wants: the list of rooms, or something of one room."""


class Door:
    """Admits askers to rooms.

    ``reading`` and ``prompt`` are those of ``Admission``; without ``prompt`` they are the same.
    """

    def __init__(self, reading: Reading, prompt: Reading | None = None) -> None:
        self._reading = reading
        self._prompt = prompt or reading

    async def decide(self, asker: Asker, action: Action, room: str | None) -> int:
        """Return the first seq that the asker may see of a room, whether it exists or not.

        ``room`` is None for the list of rooms, of which each is to be decided.

        Raises:
            Refused: never in open mode, in which every name is a claim.
        """
        return 1

    async def admit(self, asker: Asker, room: str, action: Action) -> Admission:
        """Let the asker in, and return what reads the room.

        Raises:
            Refused: as ``decide``.
        """
        lowest = await self.decide(asker, action, room)
        return Admission(asker, room, lowest, self._reading, self._prompt)

    async def rooms(self, asker: Asker, after: str, *, limit: int) -> list[RoomInfo]:
        """Return rooms after a name, in order of code points.

        Raises:
            Refused: as ``decide``.
        """
        await self.decide(asker, "rooms", None)
        async with self._reading() as connection:
            return await rooms_after(connection, after, limit=limit)
