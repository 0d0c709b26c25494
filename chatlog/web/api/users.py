"""``GET /api/rooms/{room}/users``: users present, now or at a seq or a time.

A page begins after a place in the order of names, not after a user: so a reader continues even if
that user has left or was erased meanwhile.
"""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from chatlog.audit.locating import Moment
from chatlog.audit.points import parse_point
from chatlog.audit.presence import Present
from chatlog.domain.errors import Refused
from chatlog.readers.door import Action
from chatlog.readers.listing import user_listed
from chatlog.web.api.bodies import UsersBody
from chatlog.web.api.queries import UsersQuery, query_of, room_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME

_CURSOR: Final = re.compile(r"([0-9]{1,19})-(.*)", re.DOTALL)
_BEGINNING: Final = "0"

Place = tuple[str, int]


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with a page of the users present, in order of names."""
    name, query = room_of(request), query_of(request, UsersQuery)
    point = None if query.at is None else parse_point(query.at)
    after = _place_in(query.after)
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        action: Action = "users" if point is None else "users_at"
        seq = point if isinstance(point, int) else None
        admission = await runtime.door.admit(await asker_of(request), name, action, seq)
        moment, present = await admission.users(point)
        return await reply(request, _body(name, moment, present, after, query.limit))


def _place_in(cursor: str) -> Place | None:
    if cursor == _BEGINNING:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise Refused("bad_command", "`after` must be the `next` of the previous page.")
    return match[2], int(match[1])


def _place_of(present: Present) -> Place:
    return present.username or "", present.since_seq


def _body(
    room: str, moment: Moment, present: list[Present], after: Place | None, limit: int
) -> UsersBody:
    rest = [user for user in present if after is None or _place_of(user) > after]
    page = rest[:limit]
    next_ = None
    if len(rest) > limit:
        name, since_seq = _place_of(page[-1])
        next_ = f"{since_seq}-{name}"
    users = list(map(user_listed, page))
    return UsersBody(room, moment.seq, moment.at, users, count=len(present), next=next_)
