"""Parse host names and addresses in flags and ``Host`` headers."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ANY: Final = frozenset({"", "*", "0.0.0.0", "::"})  # noqa: S104 - compared with, not bound
"""Hosts that mean every address of this machine."""

_LONGEST: Final = 64
"""Characters of an address with a usual zone: longer hosts are not remembered."""


def plain(host: str) -> str:
    """Return a host in canonical form: lower case, without brackets, addresses compressed.

    An IPv4-mapped IPv6 address (``::ffff:127.0.0.1``) becomes the IPv4 address, on which servers
    listen and to which clients connect.
    """
    name = host.strip().lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    found = address(name)
    return name.rstrip(".") if found is None else str(found)


def address(host: str) -> Address | None:
    """Return the address of a host; None if it is a name. A zone (``%eth0``) is kept."""
    return _known_address(host) if len(host) <= _LONGEST else _parsed(host)


@lru_cache(256)
def _known_address(host: str) -> Address | None:
    # A connection asks several times, for addresses that others have asked for: 3 µs each.
    return _parsed(host)


def _parsed(host: str) -> Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def is_local(host: str) -> bool:
    """Return whether a host can only mean this machine."""
    name = plain(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    found = address(name)
    return found is not None and found.is_loopback


def is_any(host: str) -> bool:
    """Return whether a host means every address of this machine."""
    return plain(host) in ANY


def without_zone(host: str) -> str:
    """Return an address without its zone, which a ``Host`` header doesn't have."""
    return host.partition("%")[0]


def is_of_this_machine(host: str) -> bool:
    """Return whether a host is an address of one of this machine's interfaces.

    The kernel binds a socket only to these. Nothing is sent.
    """
    found = address(host)
    if found is None or found.is_unspecified or found.is_multicast:
        return False
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(found), 0))
    except OSError:
        return False
    return True


def client_key(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return what counts as one address: an IPv4 address, or a /64 of IPv6.

    Behind trusted proxies this is the last address in ``X-Forwarded-For`` that is not one of
    them: what is before it could be anybody's invention.
    """
    hops = [peer, *(part.strip() for part in reversed(forwarded.split(",")) if part.strip())]
    chosen = peer
    for hop in hops:
        found = address(without_port(hop))
        if found is None:
            break
        chosen = str(found)
        if not any(found in network for network in trusted):
            break
    found = address(chosen)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found), 64), strict=False))
    return chosen


def without_port(hop: str) -> str:
    """Return an address as proxies write it, without brackets, port and zone."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    return without_zone(hop)
