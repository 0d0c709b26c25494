"""A server on SQLite as a process of its own, for tests that import this fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.server import Server


@pytest.fixture
async def server(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(sqlite_url, tmp_path / "server.log")
    await server.start()
    yield server
    await server.kill()
