"""Listen on the addresses of the requested hosts."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Final

from chatlog.domain.errors import ChatlogError
from chatlog.web.network.addresses import is_any, plain

BACKLOG: Final = 4_096
_NO_SUCH_ADDRESS: Final = frozenset(
    {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
)
_TRIES: Final = 10

Place = tuple[int, Any]
"""A family of addresses, and an address of it as ``bind`` takes it."""


class CannotListen(ChatlogError):
    """The server cannot listen on a port; the sentence names the port and the address."""


async def listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of every host, all on one port.

    A host that means all addresses gets both families, if both are available.

    Raises:
        CannotListen: if a host has no usable address, or a port is taken.
    """
    # Wildcard addresses first: they cover single ones, which would block them if bound earlier.
    hosts = sorted(hosts, key=lambda host: not is_any(host))
    places = [await _places(host, port) for host in hosts]
    for tries_left in reversed(range(_TRIES)):
        try:
            return _listen(hosts, places, port)
        except CannotListen:
            # A free port of one address (port 0) may be taken on the next one.
            if port != 0 or len(places) == len(places[0]) == 1 or tries_left == 0:
                raise
    raise AssertionError  # the last try raises


async def _places(host: str, port: int) -> list[Place]:
    name = None if is_any(host) and plain(host) != "0.0.0.0" else plain(host)  # noqa: S104 - IPv4's
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not a host name"
        raise CannotListen(f"{host} cannot be listened on: {why}.") from None
    return list(dict.fromkeys((family, address) for family, *_, address in found))


def _listen(
    hosts: Sequence[str], places: Sequence[Iterable[Place]], port: int
) -> list[socket.socket]:
    listeners: dict[Place, socket.socket] = {}
    try:
        for host, wanted in zip(hosts, places, strict=True):
            port = _listen_on(host, wanted, port, listeners)
    except BaseException:
        for listener in listeners.values():
            listener.close()
        raise
    return list(listeners.values())


def _listen_on(
    host: str, places: Iterable[Place], port: int, listeners: dict[Place, socket.socket]
) -> int:
    """Listen on the addresses of one host, and return the port."""
    missing: OSError | None = None
    count = 0
    for family, address in places:
        place = (family, (address[0], port, *address[2:]))
        try:
            if not _is_covered(place, listeners):
                listener = _listener(*place)
                port = port or listener.getsockname()[1]
                listeners[family, (address[0], port, *address[2:])] = listener
            count += 1
        except OSError as error:
            if error.errno not in _NO_SUCH_ADDRESS:
                raise _cannot(address[0], port, error) from None
            missing = error
    if count == 0:
        raise _cannot(host, port, missing)
    return port


def _is_covered(place: Place, listeners: Iterable[Place]) -> bool:
    """Return whether a socket listens on an address, by itself or for its whole family."""
    family, address = place
    return any(
        family == known and (there == address or is_any(there[0])) for known, there in listeners
    )


def _cannot(host: str, port: int, error: OSError | None) -> CannotListen:
    why = "it has no address" if error is None else os.strerror(error.errno or 0)
    return CannotListen(f"Port {port} of {host} cannot be listened on: {why}.")


def _listener(family: int, address: Any) -> socket.socket:
    # IPv6 sockets take IPv6 only: IPv4 has its own, so that either may be missing.
    listener = socket.create_server(address, family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener
