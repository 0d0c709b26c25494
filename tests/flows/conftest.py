"""Servers for flows: real processes, ended after the test, whose words a failure shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path

import pytest

from tests.support.server import Server

Serve = Callable[..., Awaitable[Server]]
SERVERS = pytest.StashKey[list[Server]]()


@pytest.fixture
async def serve(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Serve]:
    """``await serve(database_url, "--flag", "value")`` starts a server and returns it ready."""
    servers: list[Server] = request.node.stash.setdefault(SERVERS, [])

    async def start(database: str, *flags: str, shell: str = "", module: str = "chatlog") -> Server:
        log = tmp_path / f"server-{len(servers)}.log"
        server = Server(database, log, flags, shell=shell, module=module)
        servers.append(server)
        await server.start()
        return server

    yield start
    for server in servers:
        if server.process is not None:
            await server.kill()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the test's servers printed, when it failed."""
    report: pytest.TestReport = yield
    if report.failed:
        for server in item.stash.get(SERVERS, []):
            report.sections.append((f"server on port {server.port}", server.printed()))
    return report
