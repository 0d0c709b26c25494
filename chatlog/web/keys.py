"""Keys of the application's data for its handlers."""

from __future__ import annotations

from aiohttp import web

from chatlog.runtime import Runtime
from chatlog.settings import Settings

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
RUNTIME: web.AppKey[Runtime] = web.AppKey("runtime", Runtime)
