"""``GET /api/rooms/{room}/users``: who is present, or was at a seq or a time."""

from __future__ import annotations

from aiohttp import web

from chatlog.audit.moments import Moment, find_moment, find_room, parse_point
from chatlog.audit.presence import Present, present_at
from chatlog.service.listing import user_listed
from chatlog.web.api.bodies import UsersBody
from chatlog.web.api.queries import UsersQuery, query_of, room_of
from chatlog.web.api.replies import reply
from chatlog.web.keys import RUNTIME


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with who was present, in order of names."""
    name, query = room_of(request), query_of(request, UsersQuery)
    point = None if query.at is None else parse_point(query.at)
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        async with runtime.database.read() as connection:
            room = await find_room(connection, name)
            moment = await find_moment(connection, room, point)
            present = await present_at(connection, room.number, moment.seq, moment=moment.time)
        return await reply(request, _body(name, moment, present, query))


def _body(room: str, moment: Moment, present: list[Present], query: UsersQuery) -> UsersBody:
    start = next((i for i, user in enumerate(present, 1) if user.since_seq == query.after), 0)
    page = present[start : start + query.limit]
    more = start + query.limit < len(present)
    return UsersBody(
        room,
        moment.seq,
        moment.at,
        list(map(user_listed, page)),
        count=len(present),
        next=page[-1].since_seq if more else None,
    )
