"""Serve the built pages: the chat at ``/``, one room of it at ``/embed/{room}``, the time machine
at ``/audit``, their assets.

The pages are clients of the public protocol; this module only serves files, with a content
security policy under which an injected script does not run. A page is built once a language; the
server fills in its title, its accent and the way to its assets. All addresses in the pages are
relative, so they work under any prefix, mounted or proxied.
"""

from __future__ import annotations

import asyncio
import re
from html import escape
from pathlib import Path

from aiohttp import web

from chatlog.settings import Settings
from chatlog.web.accent import accent_css
from chatlog.web.keys import SETTINGS
from chatlog.web.language import choose_language

STATIC = Path(__file__).resolve().parent.parent / "static"

# Only this server's own files run or load, and the pages create no Trusted Types policy.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors {}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

NOT_BUILT = """chatlog: the web pages are not built.

In a source tree, run `make web`. An installed package always holds them.
The protocol works without them: see /ws and /api/rooms.
"""

_HASHED = re.compile(r"[\w.-]+-[A-Z0-9]{8}\.(?:js|css)")
_HIGHLIGHT = "#4f46e5"
"""The colour of the icon in the built pages."""


def add_pages(app: web.Application) -> None:
    """Add ``/audit``, ``/embed/…`` and the assets. The caller routes ``/``, which takes upgrades,
    to `home`.
    """
    app.router.add_get("/audit", audit, name="audit")
    app.router.add_get("/embed/{room}", embed, name="embed")
    app.router.add_get("/accent.css", accent, name="accent")
    app.router.add_get("/assets/{name}", asset, name="asset")


async def home(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /`` with the chat page."""
    return await _page(request, "index")


async def audit(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /audit`` with the time machine."""
    return await _page(request, "audit")


async def embed(request: web.Request) -> web.StreamResponse:
    """Answer ``GET /embed/{room}`` with the page of one room, whether there is such a room or not.

    What the room is to whoever asks, the page finds out by joining it.
    """
    return await _page(request, "index", base="../")


async def accent(request: web.Request) -> web.StreamResponse:
    """Answer with the colours of the pages, which are built in where no accent is set."""
    chosen = request.app[SETTINGS].accent
    css = accent_css(chosen) if chosen else ""
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return web.Response(text=css, content_type="text/css", headers=headers)


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


async def _page(request: web.Request, name: str, base: str = "./") -> web.StreamResponse:
    settings = request.app[SETTINGS]
    headers = {
        "Content-Security-Policy": _POLICY.format(" ".join(settings.frame_ancestor) or "'none'"),
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Language",
    }
    accepted = ",".join(request.headers.getall("Accept-Language", ()))
    language, html = await asyncio.to_thread(_read, name, accepted)
    if html is None:
        headers["Cache-Control"] = "no-store"
        return web.Response(status=503, text=NOT_BUILT, headers=headers)
    headers["Content-Language"] = language
    return web.Response(
        text=_filled(html, settings, base), content_type="text/html", headers=headers
    )


def _read(name: str, accepted: str) -> tuple[str, str | None]:
    """Return the language of a page and its text; None if it is not built."""
    built = {path.name.split(".")[1]: path for path in STATIC.glob(f"{name}.*.html")}
    language = choose_language(accepted, built)
    try:
        return language, built[language].read_text(encoding="utf-8")
    except (KeyError, FileNotFoundError):  # a build replaces all of them
        return language, None


def _filled(html: str, settings: Settings, base: str) -> str:
    html = html.replace("%base%", base).replace("%title%", escape(settings.title))
    if not settings.accent:
        return html
    html = html.replace("%23" + _HIGHLIGHT[1:], "%23" + settings.accent[1:])
    return html.replace("</head>", '<link rel="stylesheet" href="accent.css">\n</head>')
