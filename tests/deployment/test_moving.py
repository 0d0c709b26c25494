"""Moving a log to PostgreSQL by the commands of docs/operations.md, as a shell runs them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.flows.conftest import Serve
from tests.support.clients import Clients
from tests.support.command import chatlog

from .blocks import block


@pytest.mark.slow
async def test_the_log_moves_to_postgresql_and_a_client_resumes_there(
    serve: Serve, sqlite_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    last = {}
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        for room in ("general", "-- a b"):
            await ada.join(room)
            await ada.chat(room, f"hello {room}")
            last[room] = await ada.leave(room)
    assert await server.stop() == 0
    program = tmp_path / "bin" / "chatlog"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chatlog "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OLD": sqlite_url, "NEW": empty_postgres_url}
    script = block("sh", "chatlog copy")
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-ec", script, env=environment, cwd=tmp_path
    )
    assert await process.wait() == 0
    assert (await chatlog("verify", database=empty_postgres_url)).status == 0
    server = await serve(empty_postgres_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        for room, event in last.items():
            caught_up = await ada.resume(room, event)
            assert caught_up.seq == event.seq + 1  # nothing but this join
