"""A connection that saves round trips, and whose commits are never cancelled.

What a transaction begins with, such as the log's lock, is sent together with its BEGIN. Whatever
the server executes of it is a statement of its own: the one after a LOCK sees what it guards.

asyncpg cancels a command on the server when it times out or its caller is cancelled. PostgreSQL
does not undo a commit for that: if the commit waits for a synchronous standby, it stops waiting,
and the events become visible although no standby has them, so a fail-over would lose what
clients have seen. If the connection is cut, the server goes on waiting, and keeps the log's lock.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import asyncpg

_BEGIN: Final = "BEGIN"
_COMMIT: Final = "COMMIT;"
_NO_LIMIT: Final = 1e9
"""Seconds; None would be the connection's limit, at whose end asyncpg cancels."""
_MOST_KEPT: Final = 100
_numbers: Final = itertools.count()


class Committing(asyncpg.Connection):  # type: ignore[misc]
    """asyncpg's connection; a commit that takes longer than ``commit_seconds`` cuts it.

    ``opening`` is sent with the next BEGIN: statements without parameters, each with a semicolon.
    If one of them fails, the connection is cut. Through a pooler (``is_pooled``), no statement is
    kept on the server for its next execution.
    """

    commit_seconds: float | None = None
    is_pooled: bool = False
    opening: str = ""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._kept: dict[str, Any] = {}

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - asyncpg's own
        """Execute as asyncpg does, except for a transaction's begin and commit."""
        if query == _COMMIT:
            return await self._commit()
        if self.opening and query.startswith(_BEGIN):
            return await self._begin(query)
        return str(await super().execute(query, *args, timeout=timeout))

    async def executemany(
        self,
        command: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - asyncpg's own
    ) -> None:
        """Execute as asyncpg does, which without its own cache parses the statement each time."""
        statement = self._kept.get(command)
        if statement is None:
            if self.is_pooled or len(self._kept) == _MOST_KEPT:
                await super().executemany(command, args, timeout=timeout)
                return
            statement = await self.prepare(command, name=f"chatlog_many_{next(_numbers)}")
            self._kept[command] = statement
        await statement.executemany(args, timeout=timeout)

    async def _begin(self, query: str) -> str:
        opening, self.opening = self.opening, ""
        try:
            return str(await super().execute(f"{query} {opening}"))
        except BaseException:
            # The transaction has begun on the server, but asyncpg and SQLAlchemy believe that it
            # has not, and would not end it.
            self.terminate()
            raise

    async def _commit(self) -> str:
        commit = asyncio.ensure_future(super().execute(_COMMIT, timeout=_NO_LIMIT))
        try:
            async with asyncio.timeout(self.commit_seconds):
                return str(await asyncio.shield(commit))
        except (TimeoutError, asyncio.CancelledError):
            self.terminate()
            await asyncio.gather(commit, return_exceptions=True)
            raise
