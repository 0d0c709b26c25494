"""Serves the built pages: the chat at ``/``, the time machine at ``/audit``, their assets.

The pages are clients of the public protocol and know nothing of the server; this module
only hands out files, with a policy under which an injected script does not run. All
addresses in the pages are relative, so they work under any prefix, mounted or proxied.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from aiohttp import web

STATIC = Path(__file__).resolve().parent.parent / "static"

# Nothing but this server's own files runs or loads, and the pages make no Trusted Types policy.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

NOT_BUILT = """chatlog: the web pages are not built.

In a source tree, run `make web`. An installed package always holds them.
The protocol itself works without: see /ws and /api/rooms.
"""

_HASHED = re.compile(r"[\w.-]+-[A-Z0-9]{8}\.(?:js|css)")
_ASSETS: web.AppKey[set[str]] = web.AppKey("page assets", set)


def add_pages(app: web.Application) -> None:
    """Add ``/audit`` and ``/assets/…``. The caller routes ``/`` (it takes upgrades) to `home`."""
    app[_ASSETS] = _built_assets()
    app.router.add_get("/audit", audit)
    app.router.add_get("/assets/{name}", asset)


async def home(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /`` with the chat page."""
    return _page(request, "index.html")


async def audit(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /audit`` with the time machine."""
    return _page(request, "audit.html")


async def asset(request: web.Request) -> web.StreamResponse:
    """Answer with a built file. Its name holds its hash, so it may be kept for ever."""
    name = request.match_info["name"]
    known = request.app[_ASSETS]
    if name not in known and _HASHED.fullmatch(name):
        known |= await asyncio.to_thread(_built_assets)  # built anew while the server runs?
    if name not in known:
        raise web.HTTPNotFound(headers={"Cache-Control": "no-store"})
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    # FileResponse sends the ready .br or .gz sibling where the browser takes it.
    return web.FileResponse(STATIC / "assets" / name, headers=headers)


def _built_assets() -> set[str]:
    folder = STATIC / "assets"
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return {name for name in names if _HASHED.fullmatch(name)}


def _page(request: web.Request, name: str) -> web.StreamResponse:
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    if not request.app[_ASSETS]:
        headers["Cache-Control"] = "no-store"
        return web.Response(status=503, text=NOT_BUILT, headers=headers)
    return web.FileResponse(STATIC / name, headers=headers)
