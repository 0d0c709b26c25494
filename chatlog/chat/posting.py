"""Post chats for people who need not be present: over HTTP, by a hook, by the embedding program.

The rules are those of a chat over a socket; nobody joins or leaves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chatlog.chat.parts import Parts
from chatlog.chat.people.access import Access, check_takes_part
from chatlog.chat.people.orders import append
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.kinds.chat import PostAs
from chatlog.kinds.command import FirstPost
from chatlog.kinds.event import Recorded
from chatlog.readers.askers import OPERATOR

_POST_THAT_MAKES: Final = 2
"""The seq of a chat that made its room: the first event makes its author the owner."""


async def post(parts: Parts, command: PostAs) -> tuple[Recorded, bool]:
    """Post a chat whose form was checked; return its event, and whether it had been posted before.

    The event is durable.

    Raises:
        Refused, OutcomeUnknown: it was not posted, or may not have been.
    """
    if command.author is None:
        parts.chats.charge(command.username)
        told = await append(parts, command)
    else:
        told = await _post_as_person(parts, command)
    if isinstance(told, Recorded):
        return told, False
    admission = await parts.door.admit(OPERATOR, command.room, "read")
    return await admission.event(told.seq), True


async def _post_as_person(parts: Parts, command: PostAs) -> Recorded | FirstPost:
    author, access = command.author, parts.access
    assert author is not None
    assert access is not None
    check_takes_part(author)
    await access.check_name(author)
    await parts.door.knock(author, command.room, command.via)
    parts.chats.charge(author.subject)
    return await _append_counted(parts, access, command)


async def _append_counted(parts: Parts, access: Access, command: PostAs) -> Recorded | FirstPost:
    """Append a person's chat; a room that it makes counts among those that they created."""
    assert command.author is not None
    try:
        return await append(parts, replace(command, may_create=False))
    except RoomUnknown:
        if not (command.may_create and access.may_create(command.author, command.room)):
            raise
    with access.counting_creation(command.author) as note:
        told = await append(parts, command)
        if told.seq != _POST_THAT_MAKES:
            note(Refused("room_exists", "Somebody else made the room first."))
        return told
