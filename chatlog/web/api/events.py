"""``GET /api/rooms/{room}/events``: pages of a room's past."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from chatlog.audit.paging.versioned_pages import VersionedPage
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery
from chatlog.web.api.bodies import EventsBody
from chatlog.web.api.queries import EventsQuery, query_of, room_of
from chatlog.web.api.replies import reply, unchanged
from chatlog.web.identify import asker_of
from chatlog.web.keys import RUNTIME
from chatlog.wire.events import encode, encode_proved, size_of

_PROOF_BYTES: Final = 600
"""Roughly what a proof adds to an event."""


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with a page of events."""
    query = query_of(request, EventsQuery)
    asked = _asked(room_of(request), query)
    runtime = request.app[RUNTIME]
    async with runtime.history.turn():
        admission = await runtime.door.admit(
            await asker_of(request), asked.room, "proof" if query.proof else "read"
        )
        found = await admission.versioned_page(
            asked,
            known=[tag.value for tag in request.if_none_match or ()],
            max_bytes=runtime.settings.max_page_bytes,
            size=_size_proved if query.proof else size_of,
            proof=query.proof,
        )
        if found.page is None:
            return unchanged(found.tag)
        return await reply(request, _body(asked.room, found), found.tag)


def _asked(room: str, query: EventsQuery) -> EventQuery:
    return EventQuery.beside(
        room,
        before=query.before,
        after=query.after,
        around=query.around,
        limit=query.limit,
        types=query.types,
    )


def _body(room: str, found: VersionedPage) -> EventsBody[msgspec.Raw]:
    page = found.page
    assert page is not None
    proved = found.proved
    texts = map(encode, page.events) if proved is None else map(encode_proved, proved)
    events = list(map(msgspec.Raw, texts))
    return EventsBody(room, events, page.first, page.last, page.more_before, page.more_after)


def _size_proved(event: Recorded) -> int:
    return size_of(event) + _PROOF_BYTES
