"""Chats in one room, and a program that sends some while valgrind counts its instructions.

``python -m tests.support.counted_chats URL``, which runs only under valgrind, starts a node on
an empty SQLite database, sends one batch that is not counted and one between two calls of
``MARK``.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys

from chatlog.runtime import Runtime
from tests.support.nodes import LocalClient, node_on

MEMBERS = 10
BATCH = 500
MARK = "getpgid"
"""A function of C that nothing else calls. At each call, callgrind writes its count since the
call before into a file."""


async def join(node: Runtime) -> list[LocalClient]:
    """Have members join a room."""
    members = [LocalClient(node) for _ in range(MEMBERS)]
    for number, member in enumerate(members):
        await member.join("general", f"user{number}")
    return members


async def send(node: Runtime, members: list[LocalClient], name: str, chats: int = BATCH) -> None:
    """Send chats as one batch, and return when every member has received them.

    Args:
        name: begins their ids; different for each batch, of the same length.
    """
    for member in members:
        member.outlet.got.clear()
        member.outlet.writes.clear()
    for number in range(chats):  # without an await, so the committer takes all of them at once
        text = b'{"type":"chat","id":"%b %03d","message":"hello"}' % (name.encode(), number)
        assert members[0].connection.take(text) is None
    await node.committer.drain()
    for member in members:
        assert member.outlet.got.count(b'"message":"hello"') == chats


def begin_to_count() -> None:
    """Have valgrind instrument the program from now on: without, the start is five times as fast.

    valgrind takes the command only while this process executes something.
    """
    command = ["vgdb", f"--pid={os.getpid()}", "--max-invoke-ms=0", "instrumentation", "on"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as vgdb:
        while vgdb.poll() is None:
            pass
    assert vgdb.returncode == 0, "vgdb does not reach valgrind."


async def main(url: str) -> None:
    """Send a batch that is not counted and one that is."""
    async with node_on(url, max_in_flight=BATCH + 1) as node:
        members = await join(node)
        await send(node, members, "a")
        begin_to_count()
        os.getpgid(0)
        await send(node, members, "b")
        os.getpgid(0)


if __name__ == "__main__":
    gc.disable()  # a collection would fall into one run's count and not into another's
    asyncio.run(main(sys.argv[1]))
