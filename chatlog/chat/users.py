"""List the users present, from memory if the room is live, otherwise from the log."""

from __future__ import annotations

from chatlog.chat.rooms import Rooms
from chatlog.databases.database import Database
from chatlog.domain.errors import Refused
from chatlog.eventlog import lookup, read
from chatlog.projections.presence import Presence
from chatlog.readers.askers import Asker
from chatlog.readers.door import Door
from chatlog.wire.answers import UsersFrame


class Users:
    """Answers ``users``."""

    def __init__(self, database: Database, rooms: Rooms, door: Door) -> None:
        self._database = database
        self._rooms = rooms
        self._door = door

    async def frame(self, asker: Asker, room: str, id: str | None) -> UsersFrame:
        """Return the users present in a room, as of its head.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        self._door.admit(asker, room)
        live = self._rooms.get(room)
        if live is not None and live.presence.seq:
            presence = live.presence
        else:
            presence = await self._read(room)
        return UsersFrame(room, presence.seq, presence.names(), presence.count, id)

    async def _read(self, room: str) -> Presence:
        async with self._database.read() as connection:
            number = await read.room_number(connection, room)
            if number is None:
                raise Refused("room_unknown", "There is no room of this name.")
            head = await read.room_head(connection, number)
            return Presence(head, await lookup.open_sessions(connection, number))
