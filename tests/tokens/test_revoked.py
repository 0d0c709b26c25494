"""Revocations in memory: whom they cover, and how they are brought up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

import pytest

from chatlog.domain.errors import Unavailable
from chatlog.domain.identity import Identity
from chatlog.domain.revocation import SUBJECT, TOKEN, Revocation, revocation_key
from chatlog.tokens.revoked import POLL_SECONDS, Revoked
from tests.support.server import until

KEY = b"the log's"


class Log:
    """Revocations as the log has them; fails where it is told to."""

    def __init__(self) -> None:
        self.rows: list[Revocation] = []
        self.asked: list[int] = []
        self.is_broken = False

    def add(self, kind: str, value: str, issued_until: float | None = None) -> None:
        key = revocation_key(KEY, kind, value)
        self.rows.append(Revocation(len(self.rows) + 1, kind, key, issued_until))

    async def read_since(self, number: int) -> Sequence[Revocation]:
        self.asked.append(number)
        if self.is_broken:
            raise Unavailable
        return self.rows[number:]


def issued(at: float | None, subject: str = "u-17", token_id: str | None = None) -> Identity:
    return Identity(subject, issued_at=at, token_id=token_id)


async def test_nobody_is_revoked_in_an_empty_log() -> None:
    revoked = Revoked(Log().read_since, KEY)
    await revoked.refresh()
    assert not revoked.is_revoked(issued(None, token_id="t"))


async def test_a_subject_is_revoked_with_all_tokens_issued_until_then() -> None:
    log = Log()
    log.add(SUBJECT, "u-17", 100.5)
    revoked = Revoked(log.read_since, KEY)
    await revoked.refresh()
    assert revoked.is_revoked(issued(100))
    assert revoked.is_revoked(issued(100.5))
    assert revoked.is_revoked(issued(None))
    assert not revoked.is_revoked(issued(100.6))
    assert not revoked.is_revoked(issued(100, "u-18"))
    assert not revoked.is_revoked(issued(None, "u-18"))


async def test_the_last_revocation_of_a_subject_counts_whatever_the_order() -> None:
    log = Log()
    log.add(SUBJECT, "u-17", 200)
    log.add(SUBJECT, "u-17", 100)
    revoked = Revoked(log.read_since, KEY)
    await revoked.refresh()
    assert revoked.is_revoked(issued(150))


async def test_one_token_is_revoked_by_its_id() -> None:
    log = Log()
    log.add(TOKEN, "t-1")
    revoked = Revoked(log.read_since, KEY)
    await revoked.refresh()
    assert revoked.is_revoked(issued(1e9, token_id="t-1"))
    assert not revoked.is_revoked(issued(1e9, token_id="t-2"))
    assert not revoked.is_revoked(issued(None))
    assert not revoked.is_revoked(issued(None, subject="t-1"))


async def test_new_revocations_are_read_once_and_told() -> None:
    log, told = Log(), asyncio.Event()
    log.add(TOKEN, "t-1")
    revoked = Revoked(log.read_since, KEY, on_new=told.set, poll_seconds=0.005)
    running = asyncio.create_task(revoked.run())
    async with asyncio.timeout(10):
        await told.wait()
        told.clear()
        log.add(TOKEN, "t-2")
        await told.wait()
    running.cancel()
    assert revoked.is_revoked(issued(1, token_id="t-2"))
    assert log.asked == sorted(log.asked)
    assert set(log.asked) <= {0, 1, 2}
    assert POLL_SECONDS <= 2


async def test_what_is_known_stays_while_the_log_cannot_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = Log()
    log.add(TOKEN, "t-1")
    revoked = Revoked(log.read_since, KEY, poll_seconds=0.005)
    await revoked.refresh()
    log.is_broken = True
    running = asyncio.create_task(revoked.run())

    async def has_failed_often() -> bool:
        return len(log.asked) > 4

    await until(has_failed_often, 10, "more reads")
    assert revoked.is_revoked(issued(1, token_id="t-1"))
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1
    log.is_broken = False
    log.add(TOKEN, "t-2")

    async def is_taken() -> bool:
        return revoked.is_revoked(issued(1, token_id="t-2"))

    await until(is_taken, 10, "the new revocation")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
