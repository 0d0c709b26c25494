"""A long verification lets whoever else the process serves have their turn."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from chatlog.audit.verification.check_room import RoomCheck, verdict_of
from chatlog.audit.verification.plain_chats import PlainChats
from tests.support.logbook import chats, open_log

EVENTS = 600
AT_ONCE = 100


async def test_a_verification_takes_turns_with_everybody_else(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0
    taken: list[int] = []
    accept = PlainChats.accept

    def counted(chats: PlainChats, row: Any) -> bool:
        taken.append(turns)
        return accept(chats, row)

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(PlainChats, "accept", counted)
    async with open_log(sqlite_url) as log:
        session = await log.join("general", "ada")
        await log.record(*chats("general", session, [str(n) for n in range(EVENTS)]))
        (row,) = await log.table("SELECT id FROM rooms")
        everybody = asyncio.create_task(others())
        verdict = await verdict_of(RoomCheck(log.database, row["id"]), "general")
        everybody.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await everybody
    assert verdict.ok
    assert len(taken) == EVENTS + 1
    assert max(map(taken.count, set(taken))) <= AT_ONCE
