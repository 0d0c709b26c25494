"""``GET /api/me``: who asks, and whether people prove that here; the pages sign in by it.

In open mode nobody is known. Elsewhere the answer is 401 without a valid token, as everywhere.
"""

from __future__ import annotations

from aiohttp import web

from chatlog.chat.people.credentials import text_of
from chatlog.web.api.bodies import MeBody
from chatlog.web.api.replies import reply
from chatlog.web.identify import identity_of
from chatlog.web.keys import RUNTIME


async def show(request: web.Request) -> web.StreamResponse:
    """Answer with the asker's subject, username, scopes and the end of their token."""
    runtime = request.app[RUNTIME]
    access = runtime.access
    if access is None:
        return await reply(request, MeBody("open"))
    identity = await identity_of(request)
    name = await access.name_of(identity)
    ends = None if identity.expires_at is None else text_of(identity.expires_at)
    takes_part = identity.is_admin or not identity.is_audit
    me = MeBody(
        "token",
        identity.subject,
        name,
        sorted(identity.scope),
        ends,
        may_create_rooms=takes_part and (access.everyone_creates or identity.is_admin),
        may_redact_own=takes_part and runtime.settings.redact_own == "on",
    )
    return await reply(request, me)
