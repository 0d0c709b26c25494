"""The background tasks of a node: whatever a task raises, the node keeps running.

A failure (an unreachable database, a full disk, a bug) is logged with the task's name and counted;
the task is restarted after a pause that grows with consecutive failures. So a task's ``run``
keeps its pending work in its object, and may be called again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from chatlog.databases.database import DRIVER_ERRORS, is_cancelled
from chatlog.databases.discreet import describe
from chatlog.domain.errors import ChatlogError

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_EXPECTED: Final = (ChatlogError, *DRIVER_ERRORS)


class Tasks:
    """Starts the tasks in ``group`` and counts their failures by task name."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.failures: Counter[str] = Counter()
        self._group = group
        self._said: dict[str, tuple[str, float]] = {}

    def keep(
        self,
        name: str,
        run: Callable[[], Awaitable[None]],
        *,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
    ) -> None:
        """Keep ``run`` running until the group ends."""
        self.failures[name] += 0  # so that the metric is there before the first failure
        self._group.create_task(self._keep(name, run, longest_pause_seconds), name=name)

    async def _keep(
        self, name: str, run: Callable[[], Awaitable[None]], longest_pause_seconds: float
    ) -> None:
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            began = loop.time()
            try:
                await run()
            except Exception as error:
                if is_cancelled():  # a driver has made a failure of that
                    raise asyncio.CancelledError from error
                self.failed(name, error)
            except asyncio.CancelledError as error:
                if is_cancelled():
                    raise
                self.failed(name, error)  # something it waited for was cancelled, not the task
            if loop.time() - began > longest_pause_seconds:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest_pause_seconds)

    def failed(self, name: str, error: BaseException) -> None:
        """Count a task's failure and log it, the same failure at most every five seconds."""
        self.failures[name] += 1
        said, now = describe(error), asyncio.get_running_loop().time()
        before, at = self._said.get(name, ("", 0.0))
        if said == before and now - at < _LONGEST_PAUSE_SECONDS:
            return
        self._said[name] = (said, now)
        trace = None if isinstance(error, _EXPECTED) else error
        logger.warning(
            "The task %s failed and will be tried again: %s",
            name,
            said,
            exc_info=trace,
            extra={"kind": (name, type(error))},
        )


@contextlib.asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Own tasks: leaving the block cancels them all. ``Tasks`` keeps failures out of it.

    What the block raises leaves it as it is, in no group.
    """

    class Over(Exception):
        pass

    failed: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:
            try:
                yield group
            except Exception as error:  # noqa: BLE001 - raised below
                failed = error
            raise Over
    except* Over:
        pass
    if failed is not None:
        raise failed
