"""Rooms, their members and what is erased, over HTTP: the orders of people with tokens.

Each answers with the room and the seq and hash of its last event. One that changed nothing has
``repeated``, and the room's head.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from chatlog.chat.people.orders import carry_out
from chatlog.domain.errors import Refused
from chatlog.kinds.command import FirstPost, Order
from chatlog.kinds.creation import CreateRoom
from chatlog.kinds.erasure import Redact
from chatlog.kinds.event import Recorded
from chatlog.kinds.leave import KickMember
from chatlog.kinds.member import AppointMember
from chatlog.kinds.room import ConfigureRoom
from chatlog.web.answers import json
from chatlog.web.api.bodies import DoneBody, MembersBody
from chatlog.web.api.queries import MembersQuery, query_of
from chatlog.web.api.replies import reply
from chatlog.web.forms import Form_, form_of
from chatlog.web.identify import asker_of, identity_of
from chatlog.web.keys import HTTP, RUNTIME
from chatlog.wire.commands import Members

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
"""The header that is an id of the client's: what is sent again with it is carried out once."""


def ordering(kind: type[Order] | type[Redact]) -> Handler:
    """Return the handler of a kind of order, whose fields are in the path and the body."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await carried_out(request, kind)

    return handle


async def carried_out(
    request: web.Request, kind: type[Order] | type[Redact], **fields: Any
) -> web.StreamResponse:
    """Carry out the order in a request, of which these ``fields`` are known; return the answer."""
    runtime = request.app[RUNTIME]
    if runtime.access is None:
        raise Refused("forbidden", "In open mode nothing is changed over HTTP.")
    identity = await identity_of(request)
    order = await form_in(request, kind, **fields)
    told = await carry_out(runtime, identity, order, HTTP)
    created = kind is CreateRoom and isinstance(told, Recorded)
    return json(_done(told), 201 if created else 200)


async def form_in(request: web.Request, kind: type[Form_], **fields: Any) -> Form_:
    """Return the command in a request: in its body, its path, and ``Idempotency-Key``.

    Raises:
        Refused: ``bad_json``, ``bad_command`` or what ``check`` refuses.
    """
    runtime = request.app[RUNTIME]
    given = await body_of(request, runtime.settings.max_frame_bytes)
    if IDEMPOTENCY_KEY in request.headers:
        given["id"] = request.headers[IDEMPOTENCY_KEY]
    return form_of(kind, {**given, **request.match_info, **fields}, runtime.limits)


async def body_of(request: web.Request, most: int) -> dict[str, Any]:
    """Return the JSON object in a request; an empty body is an empty object.

    Raises:
        Refused: ``bad_json``.
    """
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0)
    text = bytearray()
    async for chunk in request.content.iter_any():
        text += chunk
        if len(text) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(text))
    if not text.strip():
        return {}
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise Refused("bad_json", "Send one JSON object in UTF-8.")
    return dict(found)


def _done(told: Recorded | FirstPost) -> DoneBody:
    is_repeat = isinstance(told, FirstPost)
    return DoneBody(told.room, told.seq, told.hash[:8].hex(), repeated=is_repeat)


async def show_members(request: web.Request) -> web.StreamResponse:
    """Answer with a page of a room's members."""
    runtime = request.app[RUNTIME]
    if runtime.access is None:
        raise Refused("forbidden", "In open mode rooms have no members.")
    query = query_of(request, MembersQuery)
    question = Members(room=request.match_info["room"], after=query.after, limit=query.limit)
    question.check(runtime.limits)
    async with runtime.history.turn():
        frame = await runtime.members.frame(await asker_of(request), question)
        return await reply(request, MembersBody(frame.room, frame.seq, frame.members, frame.more))


create: Final = ordering(CreateRoom)
configure: Final = ordering(ConfigureRoom)
appoint: Final = ordering(AppointMember)
kick: Final = ordering(KickMember)
redact: Final = ordering(Redact)
