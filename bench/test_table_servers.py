"""The servers of the table: a peer that speaks as it should, and one server for a whole search."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bench.crowd import Crowd
from bench.dialects import NODE
from bench.load import at_full_speed, at_rate
from bench.servers import Server
from bench.table.loads import Shape
from bench.table.peers import python_socketio
from bench.table.servers import Column
from bench.table.session import Session

DIALECT = replace(NODE, path="/ws")


@pytest.fixture
def cores() -> Iterator[None]:
    """Give the test's process its cores back: starting a server takes one away."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


@asynccontextmanager
async def relay(copies: int) -> AsyncIterator[int]:
    """Run a chat of one room that tells everybody each message so many times."""
    sockets: list[web.WebSocketResponse] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for frame in ws:
            if frame.type is not WSMsgType.TEXT:
                break
            if '"type": "join"' in frame.data:
                sockets.append(ws)
                await ws.send_str('{"type":"users"}')
                continue
            for member in sockets * copies:
                await member.send_str(frame.data)
        sockets.remove(ws)
        return ws

    app = web.Application()
    app.router.add_get("/ws", serve)
    async with TestServer(app) as server:
        yield server.port or 0


def counted(port: int, starts: list[int]) -> Callable[[], AbstractContextManager[Server]]:
    """Return what pretends to start the server on a port, and notes it."""

    @contextmanager
    def start() -> Iterator[Server]:
        starts.append(port)
        yield Server("relay", (os.getpid(),), (port,), DIALECT)

    return start


@pytest.mark.parametrize(("copies", "expected"), [(1, 1), (2, 3)])
async def test_a_search_starts_its_server_afresh_only_after_a_fault(
    copies: int, expected: int
) -> None:
    starts: list[int] = []
    async with relay(copies) as port:
        column = Column("relay", counted(port, starts), "", "")
        session = Session(column, Shape(1, 3), 0.05)
        assert await session.estimate() > 0
        for _ in range(2):
            assert await session.keeps_up(100) or copies > 1
        await session.close()
    assert len(starts) >= expected if copies > 1 else len(starts) == expected


@pytest.mark.usefixtures("cores")
async def test_python_socketio_delivers_each_message_once_and_in_order() -> None:
    with python_socketio() as server:
        async with Crowd(server.ports, server.dialect) as crowd:
            await crowd.connect(["one", "two"] * 3, watched=range(6))
            await crowd.quiet()
            some = await at_rate(crowd, server.cpu_seconds, crowd.members[:4], 400, 0.1)
            many = await at_full_speed(crowd, server.cpu_seconds, crowd.members[:4], 8, 0.1)
    assert (some.faults, some.messages, some.deliveries) == ("", 40, 120)
    assert many.faults == ""
    assert many.deliveries == 3 * many.messages
