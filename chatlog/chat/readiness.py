"""Readiness: whether the last commit, a real one or a probe, succeeded.

Checks cost nothing while chats are committed. If there was no commit for ``probe_seconds``, one
check makes a probe (a commit that renews the lease), and concurrent checks wait for its outcome:
so there is at most one probe in that time, however many checks.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final

from chatlog.databases.discreet import describe

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 2.0


class Readiness:
    """Gets the outcome of every commit through ``note``, and runs ``probe`` if there is none."""

    def __init__(self, probe: Callable[[], Awaitable[None]], *, probe_seconds: float) -> None:
        self._probe = probe
        self._probe_seconds = probe_seconds
        self._is_ready = False
        self._noted_at = -math.inf
        self._turn = asyncio.Lock()

    def note(self, succeeded: bool) -> None:
        """Record whether a commit succeeded."""
        self._is_ready = succeeded
        self._noted_at = asyncio.get_running_loop().time()

    async def check(self) -> bool:
        """Return whether the last commit succeeded, after a probe if it was too long ago."""
        if not self._is_fresh():
            async with self._turn:
                if not self._is_fresh():
                    await self._try()
        return self._is_ready

    def _is_fresh(self) -> bool:
        return asyncio.get_running_loop().time() - self._noted_at < self._probe_seconds

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._probe()
        except Exception as error:  # noqa: BLE001 - whatever it is, the log cannot be written
            logger.warning("Not ready: %s", describe(error))
            self.note(succeeded=False)
        else:
            self.note(succeeded=True)
