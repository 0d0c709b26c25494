"""A server of faults with each of the two clients before it, and the real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.access.conftest import http, issuer, open_world, world
from tests.client.fault_server import FaultServer, fault_server
from tests.client.players import Player, PythonPlayer, Start, TypeScriptPlayer, stage
from tests.flows.conftest import pytest_runtest_makereport, serve

__all__ = [
    "http",
    "issuer",
    "open_world",
    "pytest_runtest_makereport",
    "serve",
    "world",
]


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with fault_server() as server:
        yield server


@pytest.fixture(params=[PythonPlayer, TypeScriptPlayer], ids=["python", "typescript"])
async def start(request: pytest.FixtureRequest, server: FaultServer) -> AsyncIterator[Start]:
    """Start a client; every test that asks for it runs with both."""
    kind: type[Player] = request.param
    async with stage(kind, server.url) as start:
        yield start
