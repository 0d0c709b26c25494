"""``/api/rooms/{room}/messages``: post a chat, or erase one, without joining the room."""

from __future__ import annotations

from aiohttp import web

from chatlog.chat.posting import post as post_chat
from chatlog.domain.errors import Refused
from chatlog.kinds.chat import PostAs, Posting, PostingAsPerson
from chatlog.kinds.erasure import Redact
from chatlog.web.api.governing import carried_out, form_in
from chatlog.web.api.queries import seq_of
from chatlog.web.identify import identity_of
from chatlog.web.keys import HTTP, RUNTIME
from chatlog.wire.events import encode


async def post(request: web.Request) -> web.StreamResponse:
    """Append a chat; answer with its frame, 201, or 200 where its key was used before."""
    command = await _command(request)
    chat, is_repeat = await post_chat(request.app[RUNTIME], command)
    return web.Response(
        body=encode(chat), status=200 if is_repeat else 201, content_type="application/json"
    )


async def _command(request: web.Request) -> PostAs:
    access = request.app[RUNTIME].access
    if access is None:
        return (await form_in(request, Posting)).command(HTTP)
    identity = await identity_of(request)
    form = await form_in(request, PostingAsPerson)
    if form.username not in ("", await access.name_of(identity)):
        raise Refused("forbidden", "`username` is not the name in your token: leave it out.")
    return form.command_of(identity, HTTP)


async def erase(request: web.Request) -> web.StreamResponse:
    """Erase the text of one event, as a redaction of its seq does."""
    return await carried_out(request, Redact, of=[seq_of(request)])
