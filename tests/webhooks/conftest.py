"""A node that may deliver to this machine, and a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from chatlog.runtime import Runtime
from tests.support.nodes import LocalClient, node_on

from .receiver import Receiver, receiving

ALLOWED = {"allow_http_webhooks": True, "allow_private_webhooks": True}
FAST = {**ALLOWED, "webhook_retry_seconds": (0.05, 0.05)}


def delivering_on(url: str, **settings: Any) -> AbstractAsyncContextManager[Runtime]:
    """Run a node that delivers to this machine, and tries again at once."""
    return node_on(url, **{**FAST, **settings})


async def add(node: Runtime, url: str, **options: Any) -> tuple[str, str]:
    """Add a webhook; return its id and secret once the node delivers it."""
    before = node.deliverer.count
    added = await node.operations.webhooks.add(url, **options)
    async for _ in ticks():
        if node.deliverer.count > before:
            break
    return added["id"], added["secret"]


async def ticks() -> AsyncIterator[None]:
    """Yield again and again, for at most 30 seconds."""
    import asyncio

    async with asyncio.timeout(30):
        while True:
            yield
            await asyncio.sleep(0.005)


async def listed(node: Runtime) -> dict[str, Any]:
    """Return the only webhook as it is listed."""
    (one,) = await node.operations.webhooks.list()
    return one


async def until_listed(node: Runtime, **fields: Any) -> dict[str, Any]:
    """Wait until the only webhook is listed with these fields."""
    one: dict[str, Any] = {}
    async for _ in ticks():
        one = await listed(node)
        if fields.items() <= one.items():
            break
    return one


async def joined(node: Runtime, *rooms: str, username: str = "ada") -> LocalClient:
    """Return a client in these rooms."""
    client = LocalClient(node)
    for room in rooms:
        await client.join(room, username)
    return client


async def say(client: LocalClient, room: str, *messages: str) -> None:
    """Send chats and wait until they are stored."""
    for message in messages:
        await client.send("chat", room=room, message=message, id=message)
        await client.until("chat", room=room, message=message)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[Runtime]:
    async with delivering_on(database_url) as node:
        yield node
