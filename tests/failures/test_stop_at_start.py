"""SIGTERM while a server is still starting: it ends in time, whoever it is waiting for."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.support.server import Server

START_SECONDS = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server("", tmp_path / "server.log")


async def begin(server: Server, database: str) -> None:
    """Start a process, and do not wait until it is ready: it never will be."""
    arguments = (sys.executable, "-m", "chatlog", "serve", "--port", "0", "--database", database)
    with server.log.open("ab") as out:
        server.process = await asyncio.create_subprocess_exec(*arguments, stdout=out, stderr=out)


@pytest.mark.timeout(240)
async def test_a_stop_does_not_wait_for_a_database_that_does_not_answer(server: Server) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        port = silent.getsockname()[1]
        await begin(server, f"postgresql://ada:secret@127.0.0.1:{port}/log")
        try:
            async with asyncio.timeout(START_SECONDS):
                asked, _ = await loop.sock_accept(silent)
            began = time.monotonic()
            assert await server.stop(within=8) == 0, server.printed()
            assert time.monotonic() - began < 5
            asked.close()
        finally:
            await server.kill()
    assert "Traceback" not in server.printed()
    assert "secret" not in server.printed()
