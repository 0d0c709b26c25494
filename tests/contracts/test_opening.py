"""A connection to SQLite is closed, even where nobody waits for it any more."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from chatlog.databases.sqlite.one_hop import OneHopConnection, Opened


class Watched(sqlite3.Connection):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True
        super().close()


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(tmp_path: Path) -> None:
    opening, may_open, opened = threading.Event(), threading.Event(), list[Watched]()

    def connect() -> Opened:
        opening.set()
        may_open.wait(10)
        opened.append(Watched(tmp_path / "a.db"))
        return Opened(opened[0])

    connection = OneHopConnection(connect)

    async def use() -> None:
        _ = await connection

    using = asyncio.create_task(use())
    await asyncio.to_thread(opening.wait, 10)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    may_open.set()
    await asyncio.to_thread(connection._thread.join, 10)
    assert [one.is_closed for one in opened] == [True]
