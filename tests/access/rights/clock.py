"""A clock that a test moves on by hours: roles with an end run out without a wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatlog import token_mode
from chatlog.databases.backend import Locked
from chatlog.databases.postgres.backend import Postgres
from chatlog.databases.sqlite.backend import Sqlite
from chatlog.domain.times import text
from chatlog.runtime import node


class ShiftedClock:
    """The clock that dates events and by which readers judge roles: the real one, moved on."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def pass_hours(self, hours: float) -> None:
        self._ahead += timedelta(hours=hours)

    def now(self) -> str:
        return self._shifted(text(datetime.now(UTC)))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Give it to every server that this process starts from now on, whatever its database."""
        for backend in (Sqlite, Postgres):
            self._shift(patch, backend)
        for module in (node, token_mode):
            patch.setattr(module, "now", self.now)

    def _shift(self, patch: pytest.MonkeyPatch, backend: Any) -> None:
        now, lock = backend.now, backend.lock

        async def shifted_now(of: Any, connection: Any) -> str:
            return self._shifted(await now(of, connection))

        async def shifted_lock(of: Any, *told: Any) -> Locked:
            locked: Locked = await lock(of, *told)
            clock = self._shifted(locked.clock)
            # What the node's row says is the time of a lease, which was shifted then.
            return replace(locked, now=max(locked.now, clock), clock=clock)

        patch.setattr(backend, "now", shifted_now)
        patch.setattr(backend, "lock", shifted_lock)

    def _shifted(self, at: str) -> str:
        return plus(at, self._ahead / timedelta(hours=1))


def plus(at: str, hours: float) -> str:
    """Return the time so many hours after another."""
    return text(datetime.fromisoformat(at) + timedelta(hours=hours))
