"""Nodes in the test's own process that hear of each other by a bell, and poll only after 30 s."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from chatlog.runtime import Runtime
from tests.support.nats import Nats, running_nats
from tests.support.nodes import node_on, until

NodeOn = Callable[..., AbstractAsyncContextManager[Runtime]]


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[Nats]:
    async with running_nats(tmp_path) as server:
        yield server


@pytest.fixture(params=["auto", "nats"])
def bus(request: pytest.FixtureRequest) -> str:
    """The bus of several nodes: what each test of the bell runs with."""
    if request.param == "auto":
        return "auto"
    server: Nats = request.getfixturevalue("nats")
    return server.url()


@pytest.fixture
async def two_nodes(postgres_url: str, bus: str) -> AsyncIterator[tuple[Runtime, Runtime]]:
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(node_on(postgres_url, bus=bus, node=name, **LONG))
            for name in ("first", "second")
        ]
        await until(lambda: is_up(first) and is_up(second))
        yield first, second


LONG: dict[str, Any] = {"lease_seconds": 60.0}
"""No renewal of a lease or look for dead nodes comes between."""


def is_up(node: Runtime) -> bool:
    return node.bell is not None and node.bell.is_up
