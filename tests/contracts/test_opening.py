"""A connection to SQLite is closed, even where nobody waits for it any more."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from chatlog.eventlog.one_hop import OneHopConnection


class Watched(sqlite3.Connection):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True
        super().close()


async def test_a_connection_that_nobody_waits_for_any_more_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, may_open, opened = threading.Event(), threading.Event(), list[Watched]()

    def connect(name: str, *, uri: bool) -> sqlite3.Connection:
        opening.set()
        may_open.wait(10)
        opened.append(Watched(name, uri=uri))
        return opened[0]

    monkeypatch.setattr(sqlite3, "connect", connect)
    connection = OneHopConnection(str(tmp_path / "a.db"), uri=False)

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
