"""Serve the built pages: the chat at ``/``, the time machine at ``/audit``, their assets.

The pages are clients of the public protocol; this module only serves files, with a content
security policy under which an injected script does not run. All addresses in the pages are
relative, so they work under any prefix, mounted or proxied.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).resolve().parent.parent / "static"

# Only this server's own files run or load, and the pages create no Trusted Types policy.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

NOT_BUILT = """chatlog: the web pages are not built.

In a source tree, run `make web`. An installed package always holds them.
The protocol works without them: see /ws and /api/rooms.
"""

_HASHED = re.compile(r"[\w.-]+-[A-Z0-9]{8}\.(?:js|css)")


def add_pages(app: web.Application) -> None:
    """Add ``/audit`` and ``/assets/…``. The caller routes ``/`` (it takes upgrades) to `home`."""
    app.router.add_get("/audit", audit, name="audit")
    app.router.add_get("/assets/{name}", asset, name="asset")


async def home(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /`` with the chat page."""
    return await _page(request, "index.html")


async def audit(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /audit`` with the time machine."""
    return await _page(request, "audit.html")


async def asset(request: web.Request) -> web.StreamResponse:
    """Answer with a built file. Its name contains its hash, so it may be cached for ever."""
    name = request.match_info["name"]
    path = STATIC / "assets" / name
    if _HASHED.fullmatch(name) is None or not await asyncio.to_thread(path.is_file):
        raise web.HTTPNotFound(headers={"Cache-Control": "no-store"})
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    # FileResponse sends the ready .br or .gz sibling where the browser takes it.
    return web.FileResponse(path, headers=headers)


async def _page(request: web.Request, name: str) -> web.StreamResponse:
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    path = STATIC / name
    if not await asyncio.to_thread(path.is_file):
        headers["Cache-Control"] = "no-store"
        return web.Response(status=503, text=NOT_BUILT, headers=headers)
    return web.FileResponse(path, headers=headers)
