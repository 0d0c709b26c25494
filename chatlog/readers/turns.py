"""Turns: wait, but not for ever, to do something that only a limited number may do at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from chatlog.domain.errors import Overloaded

_PATIENCE_SECONDS: Final = 5.0


@asynccontextmanager
async def held(turns: asyncio.Semaphore | asyncio.Lock) -> AsyncIterator[None]:
    """Wait for a turn and hold it until the block is left.

    Raises:
        Overloaded: if none is free in time.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await turns.acquire()
    except TimeoutError:
        raise Overloaded from None
    try:
        yield
    finally:
        turns.release()
