"""``POST /hooks/TOKEN``: a program posts to the hook's room, as the hook's user."""

from __future__ import annotations

from aiohttp import web

from chatlog.chat.posting import post
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.names import check_id, check_message
from chatlog.eventlog.steps.hooks import Hook
from chatlog.kinds.chat import PostAs
from chatlog.web.api.governing import IDEMPOTENCY_KEY
from chatlog.web.hooks.payload import Payload, payload_in, sender_of, text_of
from chatlog.web.keys import RUNTIME


def add_hooks(app: web.Application) -> None:
    """Add the address of all hooks."""
    app.router.add_post("/hooks/{token}", take)


async def take(request: web.Request) -> web.StreamResponse:
    """Append a chat; answer ``ok``, as Slack does, also where its key was used before."""
    runtime = request.app[RUNTIME]
    hook = await runtime.operations.hooking.at(request.match_info["token"])
    if hook is None:
        raise web.HTTPNotFound
    command = _command(request, hook, await payload_in(request, runtime.settings.max_hook_bytes))
    try:
        await post(runtime, command)
    except RoomUnknown:
        if not await runtime.operations.hooking.has_room(hook):
            raise
        # Who has the address knows the room.
        raise Refused("forbidden", "The hook may not post in this room.") from None
    return web.Response(text="ok")


def _command(request: web.Request, hook: Hook, payload: Payload) -> PostAs:
    runtime = request.app[RUNTIME]
    message = text_of(payload, runtime.limits.max_message_bytes)
    check_message(message, runtime.limits)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None:
        check_id(key)
    author = runtime.operations.hooking.author_of(hook)
    return PostAs(
        hook.room,
        message,
        hook.name,
        author=author,
        id=key,
        may_create=author is None,
        via=f"hook:{hook.name}",
        sender=sender_of(payload, hook.name, runtime.limits.max_username_chars),
    )
