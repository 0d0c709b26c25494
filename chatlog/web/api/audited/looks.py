"""``GET /api/rooms/{room}/looks``: who looked at the room by a scope of their token, and when."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from chatlog.audit.looks import Look, LooksPage, Place
from chatlog.audit.points import parse_point
from chatlog.domain.errors import Refused
from chatlog.kinds.event import shown_name
from chatlog.web.api.bodies import LookListed, LooksBody
from chatlog.web.api.queries import LooksQuery, query_of, room_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME

_PLACE: Final = re.compile(r"(.*)_([0-9]{1,18})", re.DOTALL)
_FIRST, _LAST = 0, 10**18


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with a page of looks; the look at this page is among them."""
    name, query = room_of(request), query_of(request, LooksQuery)
    if query.before is not None and query.after is not None:
        raise Refused("bad_command", "Give at most one of `before` and `after`.")
    before = None if query.before is None else _place(query.before, _FIRST)
    after = None if query.after is None else _place(query.after, _LAST)
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        admission = await runtime.door.admit(await asker_of(request), name, "looks")
        found = await admission.looks(before=before, after=after, limit=query.limit)
        return await reply(request, _body(name, found))


def _place(text: str, of_time: int) -> Place:
    """Return the place of a page's end, or beside all looks of a time."""
    match = _PLACE.fullmatch(text)
    at = parse_point(text if match is None else match[1])
    if isinstance(at, int):
        raise Refused("bad_command", "Give the `first` or `last` of another page, or a time.")
    return Place(at, of_time if match is None else int(match[2]))


def _body(room: str, found: LooksPage) -> LooksBody:
    looks = list(map(_listed, found.looks))
    first, last = (_text(found.looks[end]) if looks else None for end in (0, -1))
    return LooksBody(room, looks, first, last, found.more_before, found.more_after)


def _text(look: Look) -> str:
    return f"{look.at}_{look.number}"


def _listed(look: Look) -> LookListed:
    who = shown_name(look.subject), shown_name(look.username)
    return LookListed(look.at, *who, look.what, look.seq)
