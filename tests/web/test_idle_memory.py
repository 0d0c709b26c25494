"""Memory of an idle connection, in bytes that Python has allocated: these repeat, the RSS does not.

Run as a program, with the URL of an empty database, this module prints them, and below how many
each line of code has allocated. The test runs it as a process of its own, because in Python 3.11
the size of an object's attributes depends on the first thirty objects of its class.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import tracemalloc

from aiohttp import web

from chatlog.settings import Settings
from chatlog.web.app import create_app
from chatlog.web.network.acceptor import Acceptor
from chatlog.web.network.listening import listen

FIRST, MEASURED, ROOMS = 100, 200, 20
MOST_BYTES = 13_600 if sys.version_info[:2] == (3, 11) else 20_480
"""12,360 were measured on Python 3.11, 14,130 to 14,380 while aiohttp read the frames, and 18,200
while a WebSocket kept all of its handshake. Objects have other sizes in other versions: there only
the promised limit counts."""

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def test_an_idle_connection_takes_no_more_memory_than_it_did(sqlite_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, sqlite_url), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert int(printed.split()[0]) < MOST_BYTES, printed.decode()


async def measure(url: str) -> list[tuple[float, str]]:
    """Return the bytes of a connection by the line that has allocated them, the most first."""
    settings = Settings(database=url)
    runner = web.AppRunner(create_app(settings), access_log=None)
    await runner.setup()
    assert runner.server is not None
    acceptor = Acceptor(runner.server, settings)
    listeners = await listen(["127.0.0.1"], 0)
    acceptor.open(listeners)
    address = listeners[0].getsockname()
    clients = [await join(address, number) for number in range(FIRST)]
    before = allocated()
    clients += [await join(address, FIRST + number) for number in range(MEASURED)]
    after = allocated()
    for client in clients:
        client.close()
    acceptor.close()
    await runner.cleanup()
    grown = after.compare_to(before, "lineno")
    return [(one.size_diff / MEASURED, str(one.traceback)) for one in grown]


async def join(address: tuple[str, int], number: int) -> socket.socket:
    """Return a socket that has joined a room and has received all of it."""
    loop, client = asyncio.get_running_loop(), socket.socket()
    client.setblocking(False)
    await loop.sock_connect(client, address)
    room, name = f"room {number % ROOMS}", f"user {number}"
    text = json.dumps({"type": "join", "room": room, "username": name, "backlog": 0}).encode()
    mask = b"\x00" * 4  # it leaves the text as it is
    await loop.sock_sendall(client, HANDSHAKE + bytes((0x81, 0x80 | len(text))) + mask + text)
    received = b""
    while b"caught_up" not in received:
        part = await loop.sock_recv(client, 65_536)
        assert part, received
        received += part
    return client


def allocated() -> tracemalloc.Snapshot:
    gc.collect()
    own = tracemalloc.Filter(False, tracemalloc.__file__)
    return tracemalloc.take_snapshot().filter_traces([own])


if __name__ == "__main__":
    import uvloop

    tracemalloc.start()
    lines = uvloop.run(measure(sys.argv[1]))
    table = [f"{size:7.0f} {line}" for size, line in lines if size >= 1]
    sys.stdout.write("\n".join([str(round(sum(size for size, _ in lines))), *table, ""]))
