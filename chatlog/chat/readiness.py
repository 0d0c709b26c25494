"""Readiness: whether the last commit and the tail's last reading succeeded, and since when not.

Checks cost nothing while chats are committed. If there was no commit for ``probe_seconds``, one
check makes a probe (a commit that renews the lease), and concurrent checks wait for its outcome:
so there is at most one probe in that time, however many checks. After a failure ``watch`` probes
every second: if the log was not written and read for the grace, the node is away until it is, and
its clients are told to go.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final

from chatlog.databases.discreet import describe
from chatlog.databases.living import since_boot

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 2.0
_AGAIN_SECONDS: Final = 1.0


class Readiness:
    """Gets the outcome of every commit through ``note``, and runs ``probe`` if there is none.

    ``note_read`` gets the outcomes of the tail's readings, and ``renewed`` the time before each
    commit that renewed the lease. ``went_away`` is called when there were failures for
    ``grace_seconds``.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[None]],
        *,
        probe_seconds: float,
        grace_seconds: float = 60.0,
        went_away: Callable[[], None] = lambda: None,
    ) -> None:
        self._probe = probe
        self._probe_seconds = probe_seconds
        self._grace_seconds = grace_seconds
        self._went_away = went_away
        self._has_committed = self._is_away = False
        self._failing: set[str] = set()
        self._noted_at = -math.inf
        self._failed_at = math.inf
        self._failed = asyncio.Event()
        self._renewed_at = since_boot()
        self._turn = asyncio.Lock()
        self._said = ""

    @property
    def is_away(self) -> bool:
        """Whether nothing was committed for so long that no client is served."""
        return self._is_away

    def note(self, succeeded: bool) -> None:
        """Record whether a commit succeeded."""
        self._has_committed = self._has_committed or succeeded
        self._noted_at = asyncio.get_running_loop().time()
        self._note("written", succeeded)

    def note_read(self, succeeded: bool) -> None:
        """Record whether the tail could read the log."""
        self._note("read", succeeded)

    def _note(self, what: str, succeeded: bool) -> None:
        if not succeeded:
            self._failing.add(what)
            if not self._failed.is_set():
                self._failed_at = asyncio.get_running_loop().time()
                self._failed.set()
            return
        self._failing.discard(what)
        if not self._failing and self._failed.is_set():
            self._failed.clear()
            self._said = ""
            self._come_back()

    def renewed(self, began: float) -> None:
        """Record the time, by ``since_boot``, before a commit that has renewed the lease."""
        self._renewed_at = began

    def has_lease(self, lease_seconds: float) -> bool:
        """Return whether no other node can have declared this one dead.

        A process that was suspended knows this at once, before it has asked the database.
        """
        return since_boot() - self._renewed_at < lease_seconds

    async def check(self) -> bool:
        """Return whether the log can be written and read, after a probe if no commit is recent."""
        if not self._is_fresh():
            async with self._turn:
                if not self._is_fresh():
                    await self._try()
        return self._has_committed and not self._failing

    async def watch(self) -> None:
        """After each failure probe until all succeeds, until cancelled."""
        while True:
            await self._failed.wait()
            now = asyncio.get_running_loop().time()
            left = math.inf if self._is_away else self._failed_at + self._grace_seconds - now
            await asyncio.sleep(max(0.0, min(_AGAIN_SECONDS, left)))
            async with self._turn:
                if self._failed.is_set():
                    await self._try()
            if self._failed.is_set() and not self._is_away:
                self._go_away_if_due()

    def _go_away_if_due(self) -> None:
        if asyncio.get_running_loop().time() - self._failed_at < self._grace_seconds:
            return
        logger.error(
            "The log could not be %s for %g s: this server closes its clients' connections and "
            "serves none until it can.",
            " and ".join(sorted(self._failing)),
            self._grace_seconds,
        )
        self._is_away = True
        self._went_away()

    def _come_back(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.warning("The log can be used again: this server serves clients again.")

    def _is_fresh(self) -> bool:
        return asyncio.get_running_loop().time() - self._noted_at < self._probe_seconds

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._probe()
        except Exception as error:  # noqa: BLE001 - whatever it is, the log cannot be written
            if (said := describe(error)) != self._said:
                logger.warning("Not ready: %s", said)
            self._said = said
            self.note(succeeded=False)
        else:
            self.note(succeeded=True)
