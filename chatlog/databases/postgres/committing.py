"""A connection whose commits are never cancelled: it is cut if one takes too long.

asyncpg cancels a command on the server when it times out or its caller is cancelled. PostgreSQL
does not undo a commit for that: if the commit waits for a synchronous standby, it stops waiting,
and the events become visible although no standby has them, so a fail-over would lose what
clients have seen. If the connection is cut, the server goes on waiting, and keeps the log's lock.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg

_COMMIT: Final = "COMMIT;"
_NO_LIMIT: Final = 1e9
"""Seconds; None would be the connection's limit, at whose end asyncpg cancels."""


class Committing(asyncpg.Connection):  # type: ignore[misc]
    """asyncpg's connection; a commit that takes longer than ``commit_seconds`` cuts it."""

    commit_seconds: float | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's own
        """Execute as asyncpg does, except for a transaction's commit."""
        if query != _COMMIT:
            return str(await super().execute(query, *args, timeout=timeout))
        commit = asyncio.ensure_future(super().execute(query, timeout=_NO_LIMIT))
        try:
            async with asyncio.timeout(self.commit_seconds):
                return str(await asyncio.shield(commit))
        except (TimeoutError, asyncio.CancelledError):
            self.terminate()
            await asyncio.gather(commit, return_exceptions=True)
            raise
