"""A machine in which everything that may differ from run to run comes from one seed.

Time is virtual: when nothing is left to do, it jumps to the next timer. SQLite runs in the
event loop itself, and every hop to it yields as often as the seed says. So a run is as
quick as its work, and a seed replays it.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import sqlite3
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from chatlog.databases.sqlite.one_hop import OneHopConnection, Opened


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Jump(self))

    def time(self) -> float:
        return self.now


class _Jump(selectors.SelectSelector):
    """Waits for nothing: a timeout passes at once, on the loop's clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("nothing will ever happen again")
        self._loop.now += timeout
        return []


@dataclass(slots=True)
class Machine:
    """The seed's chances, and what is going to go wrong with the disk."""

    chance: random.Random
    fates: deque[str] = field(default_factory=deque)
    down_until: float = 0.0

    async def pause(self) -> None:
        """Let others go first, or not."""
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    def connection(self, opener: Callable[[], Opened]) -> OneHopConnection:
        return _Connection(self, opener)


class _Connection(OneHopConnection):
    """SQLite without a thread, on a disk that may fail."""

    def __init__(self, machine: Machine, opener: Callable[[], Opened]) -> None:
        super().__init__(opener)
        self._machine = machine
        self._tx = _AtOnce()  # type: ignore[assignment]

    def __await__(self) -> Generator[Any, None, OneHopConnection]:
        return self._open().__await__()

    async def _open(self) -> OneHopConnection:
        await self._machine.pause()
        self._connection = self._connector()
        return self

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await self._machine.pause()
        if asyncio.get_running_loop().time() < self._machine.down_until:
            raise _error("SQLITE_IOERR_READ")
        return fn(*args, **kwargs)

    async def commit(self) -> None:
        """Commit, unless this commit's fate is another.

        ``full`` and ``io`` write nothing; ``late`` writes and says that it failed,
        ``doubt`` as well, and then nothing can be read for a while.
        """
        assert self._connection is not None
        fate = self._machine.fates.popleft() if self._machine.fates else ""
        if fate in ("full", "io"):
            self._connection.rollback()
            raise _error("SQLITE_FULL" if fate == "full" else "SQLITE_IOERR_FSYNC")
        await self._execute(self._connection.commit)
        if fate == "doubt":
            self._machine.down_until = asyncio.get_running_loop().time() + 2.0
        if fate in ("late", "doubt"):
            raise _error("SQLITE_IOERR_FSYNC")

    async def whole(
        self, work: Callable[[sqlite3.Connection], None], committing: Callable[[], None]
    ) -> float:
        """Run it as the several statements that it consists of."""
        assert self._connection is not None
        self.begin("BEGIN IMMEDIATE")
        try:
            await self.hop(work)
            committing()
            await self.commit()
        except BaseException:
            await self.rollback()
            raise
        return 0.0005

    async def rollback(self) -> None:
        assert self._connection is not None
        self._connection.rollback()

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _AtOnce:
    """Stands for the queue to SQLite's thread."""

    def put_nowait(self, item: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        future, function = item
        future.set_result(function())


def _error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error
