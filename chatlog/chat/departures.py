"""Leaves that no client waits for: of closed connections and of dead servers' sessions.

The session of a disconnected client must end in the log, whatever happens to the database
meanwhile, so a leave that could not be written is retried until it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from chatlog.domain.errors import OutcomeUnknown, Overloaded, Refused
from chatlog.eventlog.committing.committer import Committer, Told
from chatlog.kinds.leave import Leave

_RETRY_SECONDS = 0.5
# The session was closed otherwise; or the room has events later than the time of an import's
# leave, and the reaper will find the session again, with another time.
_SETTLED = frozenset({"not_joined", "bad_command"})


class Departures:
    """Ends sessions in the log. ``refusals`` counts refused leaves by code."""

    def __init__(self, committer: Committer, refusals: Counter[str]) -> None:
        self._committer = committer
        self._refusals = refusals
        self._pending: dict[str, Leave] = {}
        self._again: dict[str, Leave] = {}
        self._bell = asyncio.Event()
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, leaves: Iterable[Leave]) -> None:
        """Append these leaves, now or as soon as the log can be written."""
        for leave in leaves:
            self._pending[leave.session] = leave
            self._all_gone.clear()
            self._submit(leave)

    async def wait(self) -> None:
        """Wait until every leave is in the log."""
        await self._all_gone.wait()

    def _submit(self, leave: Leave) -> None:
        try:
            self._committer.submit(leave, lambda told: self._done(leave, told))
        except Overloaded as error:
            self._refusals[error.code] += 1
            self._retry(leave)

    def _done(self, leave: Leave, told: Told) -> None:
        if isinstance(told, (OutcomeUnknown, Refused)) and told.code not in _SETTLED:
            self._refusals[told.code] += 1
            self._retry(leave)
            return
        self._pending.pop(leave.session, None)
        if not self._pending:
            self._all_gone.set()

    def _retry(self, leave: Leave) -> None:
        self._again[leave.session] = leave
        self._bell.set()

    async def run(self) -> None:
        """Retry leaves that could not be written, until cancelled."""
        while True:
            await self._bell.wait()
            await asyncio.sleep(_RETRY_SECONDS)
            self._bell.clear()
            again, self._again = self._again, {}
            try:
                for leave in again.values():
                    self._submit(leave)
            except BaseException:
                self._again |= again  # a leave that is submitted twice is refused once
                self._bell.set()
                raise
