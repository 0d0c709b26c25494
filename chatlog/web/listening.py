"""Listen on the addresses of a host."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import Any, Final

BACKLOG: Final = 4_096
_NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


async def listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of a host (empty: on all there are).

    Raises:
        OSError: if none of its addresses can be listened on, or one is taken.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listeners: list[socket.socket] = []
    missing: OSError | None = None
    for family, address in dict.fromkeys((family, address) for family, *_, address in found):
        try:
            listeners.append(_listener(family, address))
        except OSError as error:
            if error.errno not in _NO_SUCH_ADDRESS:
                for listener in listeners:
                    listener.close()
                why = os.strerror(error.errno or 0)
                raise OSError(f"Port {port} of {address[0]} cannot be listened on: {why}.") from None
            missing = error
    if not listeners and missing is not None:
        raise missing
    return listeners


def _listener(family: int, address: Any) -> socket.socket:
    listener = socket.create_server(address, family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener
