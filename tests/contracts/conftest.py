"""The log under test, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.logbook import Log, open_log


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[Log]:
    """An empty log, opened by one node."""
    async with open_log(database_url) as opened:
        yield opened
