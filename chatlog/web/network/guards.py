"""The guards of open mode: names are not authenticated, so only this server's pages may connect.

A foreign ``Host`` is a page that rebound its name to loopback; a foreign ``Origin`` is another
site's page in somebody's browser. A browser sends no ``Origin`` with a picture or a script, but it
sends ``Sec-Fetch-Site``: such requests from other pages are refused too, except for pages and
their files, to which anybody may link. A request with neither header comes from a program and
passes. Pages, HTTP and sockets are checked before anything else, mounted in another application
too: there a connection beyond loopback, which ``serve`` does not accept, is refused.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from chatlog.domain.errors import Refused
from chatlog.settings import Settings
from chatlog.web.keys import AUTHENTICATE, SETTINGS
from chatlog.web.network.addresses import is_any, is_local, is_of_this_machine, plain, without_zone

LINKED: Final = frozenset({"home", "audit", "embed", "asset", "accent", "alive", "ready"})
"""The routes that other pages may link to, by name."""

PROBED: Final = frozenset({"alive", "ready"})
"""The routes that answer for any ``Host``: a probe uses an address, or sends none."""

# Another port or subdomain (`same-site`) is another page, unidentified without an Origin.
_OWN_SITE: Final = frozenset({"", "same-origin", "none"})
_NO_AUTHORITY: Final = frozenset("/\\?#@, \t")


def check_public(settings: Settings) -> str | None:
    """Return why these settings must not be served; None if they may."""
    if settings.auth == "token":
        return None
    beyond = [host for host in settings.hosts if not is_local(host)]
    if settings.allow_public or not beyond:
        return None
    return (
        f"{beyond[0] or 'Every address'} is not a loopback address, and without tokens anybody "
        "who can connect can read every room. Give --allow-public to serve it anyway."
    )


def host_name(netloc: str) -> str:
    """Return the canonical host in a ``Host`` header, without its port; empty if it is invalid."""
    if _NO_AUTHORITY & set(netloc):
        return ""
    try:
        parts = urlsplit(f"//{netloc}")
        return "" if parts.port == 0 else plain(parts.hostname or "")
    except ValueError:
        return ""


def is_our_host(netloc: str, settings: Settings, accepted_on: str | None = None) -> bool:
    """Return whether a ``Host`` header names this server.

    ``accepted_on`` is the local address of the connection. An address is this server's if it
    listens on it: a page that rebound its name still sends the name.
    """
    name = host_name(netloc)
    if not name:
        return False
    if is_local(name) or netloc.lower() in _lower(settings.allow_host):
        return True
    if name in {plain(host) for host in settings.allow_host}:
        return True
    if is_any(name):
        return False
    if name in {plain(host) for host in settings.hosts}:
        return True
    if accepted_on is not None and name == plain(without_zone(accepted_on)):
        return True
    return any(map(is_any, settings.hosts)) and is_of_this_machine(name)


def is_our_origin(origin: str, settings: Settings, accepted_on: str | None = None) -> bool:
    """Return whether a page of this origin may connect."""
    if origin.lower().rstrip("/") in _lower(settings.allow_origin):
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    return is_our_host(parts.netloc, settings, accepted_on)


def _lower(values: tuple[str, ...]) -> set[str]:
    return {value.lower().rstrip("/") for value in values}


def check(request: web.Request) -> None:
    """Refuse a foreign Host or Origin, and requests of foreign pages without an Origin.

    Raises:
        Refused: ``forbidden``.
    """
    settings, accepted_on = request.app[SETTINGS], _accepted_on(request)
    host = request.headers.get("Host", "")
    if is_token_mode(request):
        _check_origin(request, host)
        return
    if request.match_info.route.name not in PROBED:
        if not (settings.allow_public or accepted_on is None or is_local(accepted_on)):
            # ``serve`` does not even listen there; a program that embeds the server may.
            raise Refused("forbidden", "Only this machine may connect. See --allow-public.")
        if not is_our_host(host, settings, accepted_on):
            raise Refused("forbidden", "This Host is not allowed. See --allow-host.")
    origin = request.headers.get("Origin")
    if origin is not None and not is_our_origin(origin, settings, accepted_on):
        raise Refused("forbidden", "Pages of this origin may not connect. See --allow-origin.")
    site = request.headers.get("Sec-Fetch-Site", "").lower()
    if origin is None and site not in _OWN_SITE and not _is_linked(request):
        raise Refused("forbidden", "Pages of another origin may not request this.")


def is_token_mode(request: web.Request) -> bool:
    """Return whether people prove who they are: then a ``Host`` says nothing about them."""
    return request.app[SETTINGS].auth == "token" or AUTHENTICATE in request.app


def _check_origin(request: web.Request, host: str) -> None:
    """Refuse pages of other origins than the request's own host and those that are allowed."""
    origin = request.headers.get("Origin")
    if origin is None:
        site = request.headers.get("Sec-Fetch-Site", "").lower()
        if site not in _OWN_SITE and not _is_linked(request):
            raise Refused("forbidden", "Pages of another origin may not request this.")
        return
    if not (is_allowed_origin(origin, request.app[SETTINGS]) or _is_of_host(origin, host)):
        raise Refused("forbidden", "Pages of this origin may not connect. See --allow-origin.")


def is_allowed_origin(origin: str, settings: Settings) -> bool:
    """Return whether the settings name an origin: its pages may read answers too."""
    return origin.lower().rstrip("/") in _lower(settings.allow_origin)


def _is_of_host(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower() != ""


def _accepted_on(request: web.Request) -> str | None:
    name = None if request.transport is None else request.transport.get_extra_info("sockname")
    return name[0] if isinstance(name, tuple) else None  # a Unix socket's name is a path


def _is_linked(request: web.Request) -> bool:
    return request.match_info.route.name in LINKED and "Upgrade" not in request.headers
