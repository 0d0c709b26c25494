"""List the users present in a room at a seq or a time, for the shell and for HTTP.

At a seq this is the fold of the log. At a time, uncertain users are marked.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import Moment, find_moment, find_room
from chatlog.audit.presence import Present, present_at


async def users_at(
    connection: AsyncConnection, room: str, point: int | str | None
) -> tuple[Moment, list[Present]]:
    """Return the users present in a room at a seq or a time (None: now), in order of names.

    Raises:
        Refused: ``room_unknown``, or ``after_unknown`` if the seq is past the head.
    """
    found = await find_room(connection, room)
    moment = await find_moment(connection, found, point)
    return moment, await present_at(connection, found.number, moment.seq, moment=moment.time)
