"""Keys of the application's data for its handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from chatlog.domain.identity import Identity
from chatlog.runtime import Runtime
from chatlog.settings import Settings

HTTP: Final = "http"
"""The ``via`` of events whose commands came over HTTP."""

PYTHON: Final = "python"
"""The ``via`` of events that the embedding program caused."""

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
RUNTIME: web.AppKey[Runtime] = web.AppKey("runtime", Runtime)

Authenticate = Callable[[web.Request], Identity | Awaitable[Identity | None] | None]
AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate")
