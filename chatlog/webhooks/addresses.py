"""Addresses that a webhook may have: https, and nothing inside this server's own networks.

A name is looked up when a webhook is added, only to refuse early; what protects is the check of
the address of each connection, in ``sending``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from chatlog.domain.errors import Refused

MAX_URL_CHARS: Final = 2_048
LOOK_UP_SECONDS: Final = 5.0

# Addresses that stand for another, and so may lead anywhere: IPv4-compatible, mapped and
# translated, NAT64, Teredo, 6to4 and its relays; what site-local was; and what IANA lists as not
# globally reachable, or as something else than a host's, which not every Python knows.
_ROUNDABOUT: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "100::/64",
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "fec0::/10",
        "192.88.99.0/24",
    )
)


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What a server allows besides https to globally routable addresses."""

    allow_http: bool = False
    allow_private: bool = False


def is_routable(address: str) -> bool:
    """Return whether an IP address is globally routable, and stands for no other address."""
    ip = ipaddress.ip_address(address)
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return ip.is_global and not any(ip in network for network in _ROUNDABOUT)


def check_url(url: object, rules: AddressRules) -> None:
    """Refuse what is no address of a webhook, without looking it up.

    Raises:
        Refused: ``bad_command``.
    """
    if not isinstance(url, str) or len(url) > MAX_URL_CHARS:
        raise _bad(f"The address must be text of at most {MAX_URL_CHARS} characters.")
    if not url.isprintable() or " " in url:
        raise _bad("The address must have no spaces and no control characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _bad("The address is not a valid URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _bad("The address must be a URL that begins with https://.")
    if parts.scheme == "http" and not rules.allow_http:
        raise _bad(
            "The address must begin with https://, unless the server has --allow-http-webhooks "
            "(without a server: this command)."
        )


async def check_address(url: str, rules: AddressRules) -> None:
    """Refuse an address that ``check_url`` refuses, or that leads to a private network now.

    One that cannot be looked up passes: it is checked at each connection.

    Raises:
        Refused: ``bad_command``.
    """
    check_url(url, rules)
    if rules.allow_private:
        return
    host = urlsplit(url).hostname or ""
    for address in await _look_up(host):
        if not is_routable(address):
            raise _bad(
                "The address is not globally routable, so it is refused unless the "
                "server has --allow-private-webhooks (without a server: this command)."
            )


async def _look_up(host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            # As the connection will: the resolver also takes decimal, octal and short forms.
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return []
    return [str(address[0]) for *_, address in found]


def _bad(sentence: str) -> Refused:
    return Refused("bad_command", sentence)
