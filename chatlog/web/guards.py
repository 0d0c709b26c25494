"""The open mode's guards: names are claims, so only this machine's own pages may come.

A ``Host`` that is not ours is a page that rebound its name to loopback; an ``Origin`` that
is not ours is another site's page in somebody's browser. A browser sends no ``Origin`` with
a picture or a script, but says ``Sec-Fetch-Site``: what another page asks for in this way
is refused too, except for pages and their files, to which anybody may link. Who says neither
is a program, and passes. Checked on pages, HTTP and sockets, before anything else.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.settings import Settings
from chatlog.web.keys import SETTINGS

LINKED: Final = frozenset({"home", "audit", "asset", "alive", "ready"})
"""The routes that other pages may link to, by name."""

# Another port or subdomain (`same-site`) is another page, and without Origin nobody knows which.
_OWN_SITE: Final = frozenset({"", "same-origin", "none"})
_ANY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound


def is_local(host: str) -> bool:
    """Return whether a host's name can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_public(settings: Settings) -> str | None:
    """Return why these settings must not be served, None if they may."""
    if settings.allow_public or is_local(settings.host):
        return None
    return (
        f"{settings.host} is not a loopback address, and without tokens anybody who can "
        "connect can read every room. Say --allow-public if that is what you want."
    )


def host_name(netloc: str) -> str:
    """Return the name in a ``Host`` header, without port and brackets, in lower case."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_our_host(netloc: str, settings: Settings) -> bool:
    """Return whether a ``Host`` header names this server."""
    name = host_name(netloc)
    if not name:
        return False
    if is_local(name) or netloc.lower() in _lower(settings.allow_host):
        return True
    if name in {host.strip("[]") for host in _lower(settings.allow_host)}:
        return True
    return name == settings.host.lower() and settings.host not in _ANY_ADDRESS


def is_our_origin(origin: str, settings: Settings) -> bool:
    """Return whether a page of this origin may connect to us."""
    if origin.lower().rstrip("/") in _lower(settings.allow_origin):
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    return is_our_host(parts.netloc, settings)


def _lower(values: tuple[str, ...]) -> set[str]:
    return {value.lower().rstrip("/") for value in values}


def check(request: web.Request) -> None:
    """Refuse a Host or Origin that is not ours, and what another page asks for without Origin.

    Raises:
        Refused: ``forbidden``.
    """
    settings = request.app[SETTINGS]
    if not is_our_host(request.headers.get("Host", ""), settings):
        raise Refused("forbidden", "This server has another name. See --allow-host.")
    origin = request.headers.get("Origin")
    if origin is not None and not is_our_origin(origin, settings):
        raise Refused("forbidden", "Pages of this origin may not connect. See --allow-origin.")
    site = request.headers.get("Sec-Fetch-Site", "").lower()
    if origin is None and site not in _OWN_SITE and not _is_linked(request):
        raise Refused("forbidden", "Pages of another origin may not ask for this.")


def _is_linked(request: web.Request) -> bool:
    return request.match_info.route.name in LINKED and "Upgrade" not in request.headers
