"""``GET /api/rooms``: every room at its head."""

from __future__ import annotations

from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.readers.askers import ANYBODY
from chatlog.web.api.bodies import RoomsBody
from chatlog.web.api.queries import RoomsQuery, query_of
from chatlog.web.api.replies import reply
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
        found = await runtime.door.rooms(ANYBODY, after, limit=query.limit + 1)
        rooms = [
            RoomListed(room.room, room.head, room.users, room.created_at, room.last_at)
            for room in found[: query.limit]
        ]
        return await reply(request, RoomsBody(rooms, more=len(found) > query.limit))
