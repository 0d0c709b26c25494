"""``GET /api/rooms/{room}/events/{seq}/witnesses``: users who could have seen that event."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from chatlog.audit.witnesses import Cursor
from chatlog.domain.errors import Refused
from chatlog.readers.listing import witness_listed
from chatlog.web.api.bodies import WitnessesBody
from chatlog.web.api.queries import WitnessesQuery, query_of, room_of, seq_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME

_CURSOR: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with a page of witnesses."""
    name, seq = room_of(request), seq_of(request)
    query = query_of(request, WitnessesQuery)
    cursor = None if query.after is None else _cursor(query.after)
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        admission = await runtime.door.admit(await asker_of(request), name, "witnesses", seq)
        found = await admission.witnesses(seq, cursor=cursor, limit=query.limit)
        after = None if found.next is None else f"{found.next.past}-{found.next.upto}"
        body = WitnessesBody(name, seq, found.at, list(map(witness_listed, found.found)), after)
        return await reply(request, body)


def _cursor(text: str) -> Cursor:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise Refused("bad_command", "`after` must be the `next` of the previous page.")
    return Cursor(int(match[1]), int(match[2]))
