"""Hooks of servers in open and in token mode, and what programs send to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatlog.cli.options import run
from chatlog.operations.delegation import carry_out
from tests.access.conftest import http, issuer, open_world
from tests.support.apps import served

__all__ = ["http", "issuer", "open_world"]


async def shell(database: str, command: str, **arguments: object) -> dict[str, Any]:
    """Carry out an operator's command as a process of its own would."""
    return await asyncio.to_thread(run, carry_out(database, command, arguments))


async def created(database: str, room: str, name: str = "CI") -> str:
    """Make a hook as the shell does; return the path of its address."""
    done = await shell(database, "hook-create", room=room, name=name, by="operator")
    return f"/hooks/{done['token']}"


@pytest.fixture
async def browser(database_url: str) -> AsyncIterator[TestClient[Any, Any]]:
    """A server in open mode, on each kind of database."""
    async with served(database_url) as client:
        yield client
