"""``/api/webhooks``: manage webhooks with a token of the scope ``admin``."""

from __future__ import annotations

import msgspec
from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.web.answers import json
from chatlog.web.api.bodies import (
    NewWebhook,
    WebhookAdded,
    WebhookAnswer,
    WebhookRemoved,
    WebhooksBody,
)
from chatlog.web.api.governing import body_of
from chatlog.web.api.replies import reply
from chatlog.web.identify import identity_of
from chatlog.web.keys import RUNTIME
from chatlog.webhooks.managing import Webhooks


async def _webhooks(request: web.Request) -> Webhooks:
    """Return the webhooks to an admin.

    Raises:
        Refused: ``forbidden`` to everybody else, and in open mode.
    """
    runtime = request.app[RUNTIME]
    if runtime.access is None:
        raise Refused("forbidden", "In open mode webhooks are managed by the shell alone.")
    if not (await identity_of(request)).is_admin:
        raise Refused("forbidden", "This needs a token with the scope `admin`.")
    return runtime.operations.webhooks


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with all webhooks and how they fare."""
    webhooks = await _webhooks(request)
    async with request.app[RUNTIME].history.turn():
        found = msgspec.convert({"webhooks": await webhooks.list()}, WebhooksBody)
        return await reply(request, found)


async def add(request: web.Request) -> web.StreamResponse:
    """Add a webhook; answer with its id and its secret, which is shown only now."""
    webhooks = await _webhooks(request)
    given = await body_of(request, request.app[RUNTIME].settings.max_frame_bytes)
    try:
        new = msgspec.convert(given, NewWebhook)
    except msgspec.ValidationError as error:
        raise Refused("bad_command", str(error).replace("$.", "")) from None
    added = await webhooks.add(new.url, new.rooms, new.types, new.secret)
    return json(msgspec.convert(added, WebhookAdded), 201)


async def remove(request: web.Request) -> web.StreamResponse:
    """Remove a webhook."""
    webhooks = await _webhooks(request)
    removed = await webhooks.remove(request.match_info["id"])
    return json(msgspec.convert(removed, WebhookRemoved))


async def test(request: web.Request) -> web.StreamResponse:
    """Post a test message to a webhook; answer with what came of it."""
    webhooks = await _webhooks(request)
    return json(msgspec.convert(await webhooks.test(request.match_info["id"]), WebhookAnswer))
