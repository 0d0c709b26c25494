"""The list of rooms as one person sees it, in a few queries a page.

Rooms that are secrets to the person are not looked at: nothing in the answer, nor the time that
it takes, tells whether there are any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatlog.audit.rooms import RoomInfo, rooms_after, rooms_for
from chatlog.databases.database import Connection
from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.rights import role_in
from chatlog.readers.standing import Standing, standings_in, subject_of

_LEAST, _MOST = 50, 500


@dataclass(frozen=True, slots=True)
class RoomsSeen:
    """Rooms in order of their names; ``by_scope``: a scope alone shows some of them."""

    rooms: list[RoomInfo]
    by_scope: bool


async def rooms_seen_by(
    connection: Connection, identity: Identity, after: str, *, limit: int, now: str
) -> RoomsSeen:
    """Return the next rooms after a name that a person may see, at most ``limit``."""
    subject = await subject_of(connection, identity)
    rooms: list[RoomInfo] = []
    by_scope = False
    while len(rooms) < limit:
        size = min(max(limit - len(rooms), _LEAST), _MOST)
        if identity.is_admin or identity.is_audit:
            page = await rooms_after(connection, after, limit=size)
        else:
            page = await rooms_for(connection, after, subject=subject, limit=size)
        numbers = [room.number for room in page]
        standings = await standings_in(connection, identity, subject, numbers, now)
        for room, standing in zip(page, standings, strict=True):
            if len(rooms) < limit and (shown := _seen(room, standing)) is not None:
                rooms.append(shown)
                by_scope = by_scope or standing.is_allowed_by_scope_alone()
        if len(page) < size:
            break
        after = page[-1].room
    return RoomsSeen(rooms, by_scope)


def _seen(room: RoomInfo, standing: Standing) -> RoomInfo | None:
    """Return a room as the person sees it in the list; None if it is none to them."""
    rules = standing.rules
    role = role_in(rules, standing.asker)
    named = replace(room, access=rules.access, topic=rules.topic, role=role)
    try:
        standing.authorize("read")
    except Refused:
        if rules.access != "listed" or role == "banned":
            return None
        return replace(named, head=None, users=None, created_at=None, last_at=None)
    return named
