"""``GET /api/rooms``: every room at its head."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.web.api.bodies import RoomsBody
from chatlog.web.api.queries import RoomsQuery, query_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME
from chatlog.wire.listing import RoomListed


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with a page of rooms."""
    query = query_of(request, RoomsQuery)
    after = query.after or ""
    if "\0" in after or not after.isprintable():
        raise Refused("room_invalid", "`after` must be the name of a room.")
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        found = await runtime.door.rooms(await asker_of(request), after, limit=query.limit + 1)
        rooms = [
            RoomListed(
                room.room,
                room.head,
                room.users,
                room.chats,
                room.created_at,
                room.last_at,
                msgspec.UNSET if room.access is None else room.access,
                msgspec.UNSET if room.topic is None else room.topic,
                msgspec.UNSET if room.role is None else room.role,
            )
            for room in found[: query.limit]
        ]
        return await reply(request, RoomsBody(rooms, more=len(found) > query.limit))
