"""Who sends a request: by a token in its header, or as the embedding program says.

In open mode that is anybody. In token mode everything asked of the API needs a valid identity;
static pages, probes and metrics do not.
"""

from __future__ import annotations

import inspect
import time
from dataclasses import replace
from typing import Final

from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity, check_identity
from chatlog.readers.askers import ANYBODY, Asker, Person
from chatlog.web.keys import AUTHENTICATE, HTTP, RUNTIME

_SCHEME: Final = "bearer"


async def asker_of(request: web.Request) -> Asker:
    """Return who asks.

    Raises:
        Refused: ``token_invalid``.
    """
    runtime = request.app[RUNTIME]
    if runtime.access is None:
        return ANYBODY
    return Person(await identity_of(request), HTTP)


async def identity_of(request: web.Request) -> Identity:
    """Return who sends a request, in token mode.

    Raises:
        Refused: ``token_invalid``.
    """
    access = request.app[RUNTIME].access
    assert access is not None
    if AUTHENTICATE in request.app:
        return await _by_hook(request)
    return await access.check(_token_in(request))


async def identity_at_handshake(request: web.Request) -> Identity | None:
    """Return who opens a socket; None if they may still say so in its first frame.

    Raises:
        Refused: ``token_invalid``.
    """
    if request.app[RUNTIME].access is None:
        return None
    if AUTHENTICATE in request.app or "Authorization" in request.headers:
        return await identity_of(request)
    return None


def _token_in(request: web.Request) -> str:
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != _SCHEME:
        raise Refused("token_invalid", "Send your token as `Authorization: Bearer …`.")
    return token.strip()


async def _by_hook(request: web.Request) -> Identity:
    found = request.app[AUTHENTICATE](request)
    identity: Identity | None = await found if inspect.isawaitable(found) else found
    if identity is None:
        raise Refused("token_invalid", "You are not signed in.")
    runtime = request.app[RUNTIME]
    check_identity(identity, runtime.limits)
    if identity.issued_at is None:
        # The embedding program vouches for them now: revoking ends what is open, and no more.
        return replace(identity, issued_at=time.time())
    assert runtime.access is not None
    if runtime.access.is_revoked(identity):
        raise Refused("token_invalid", "You have been signed out.")
    return identity
