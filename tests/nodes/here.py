"""Nodes of one log in the test's own process, each on a real port: a bug is planted in all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.apps import served


@dataclass(frozen=True, slots=True)
class Here:
    """A node that clients connect to as to a process; ``name`` is its ``--node``."""

    name: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def nodes_here(url: str, **settings: Any) -> AsyncIterator[list[Here]]:
    """Run three nodes, which are called a, b and c."""
    async with AsyncExitStack() as stack:
        nodes = []
        for name in ("a", "b", "c"):
            browser = await stack.enter_async_context(served(url, node=name, **settings))
            assert browser.port is not None
            nodes.append(Here(name, browser.port))
        yield nodes
