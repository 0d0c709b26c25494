"""List the members of a room: whoever has a role there, in order of subjects."""

from __future__ import annotations

from collections.abc import Callable

from chatlog.readers.askers import Asker
from chatlog.readers.door import Door
from chatlog.wire.answers import MembersFrame
from chatlog.wire.commands import Members as Question


class Members:
    """Answers ``members``."""

    def __init__(self, door: Door, now: Callable[[], str]) -> None:
        self._door = door
        self._now = now

    async def frame(self, asker: Asker, question: Question) -> MembersFrame:
        """Return a page of a room's members, as of its head.

        Raises:
            Refused: ``room_unknown`` or ``forbidden``.
        """
        admission = await self._door.admit(asker, question.room, "read")
        head, members = await admission.members(self._now())
        after = [one for one in members if one.subject > question.after]
        page = await admission.named(after[: question.limit])
        more = len(after) > question.limit
        return MembersFrame(question.room, head, page, more, question.id)
