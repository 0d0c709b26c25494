"""List the users present, from memory if the room is live, otherwise from the log."""

from __future__ import annotations

from chatlog.chat.rooms import Rooms
from chatlog.readers.askers import Asker
from chatlog.readers.door import Door
from chatlog.wire.answers import UsersFrame


class Users:
    """Answers ``users``."""

    def __init__(self, rooms: Rooms, door: Door) -> None:
        self._rooms = rooms
        self._door = door

    async def frame(self, asker: Asker, room: str, id: str | None) -> UsersFrame:
        """Return the users present in a room, as of its head.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        admission = await self._door.admit(asker, room, "users")
        live = self._rooms.get(room)
        if live is not None and live.presence.seq:
            presence = live.presence
        else:
            presence = await admission.presence()
        return UsersFrame(room, presence.seq, presence.names(), presence.count, id)
