"""List the users present, from memory if that is recent enough, otherwise from the log."""

from __future__ import annotations

from collections.abc import Callable

from chatlog.chat.rooms import Rooms
from chatlog.readers.askers import Asker
from chatlog.readers.door import Door
from chatlog.wire.answers import UsersFrame
from chatlog.wire.commands import Users as UsersCommand


class Users:
    """Answers ``users``; from memory only while ``is_current`` says that it cannot be outdated."""

    def __init__(
        self, rooms: Rooms, door: Door, is_current: Callable[[], bool], *, is_alone: bool
    ) -> None:
        """Answer for a node; one that ``is_alone`` is the only one on its log."""
        self._is_alone = is_alone
        self._rooms = rooms
        self._door = door
        self._is_current = is_current

    async def frame(self, asker: Asker, command: UsersCommand, *, is_member: bool) -> UsersFrame:
        """Return the users present in a room, as of its head: a page of their names.

        A member sees what its frames have told. Anybody else may come from another node that has
        read further than this one, so the log is asked.

        Raises:
            Refused: ``room_unknown`` for a room without events.
        """
        room = command.room
        admission = await self._door.admit(asker, room, "users")
        live = self._rooms.get(room)
        is_recent = (is_member or self._is_alone) and self._is_current()
        if live is not None and live.presence.seq and is_recent:
            live.feed.flush()
            presence = live.presence
        else:
            presence = await admission.presence()
        return UsersFrame(
            room, presence.seq, presence.names(command.after), presence.count, command.id
        )
