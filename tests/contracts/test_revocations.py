"""Revocations are kept for ever, read by every node, and name nobody."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from chatlog.domain.identity import Identity
from chatlog.domain.revocation import SUBJECT, TOKEN
from chatlog.eventlog import lookup
from chatlog.eventlog.steps.revocations import revocations_since, revoke_subject, revoke_token
from chatlog.tokens.revoked import Revoked
from tests.support.logbook import Log, open_log

from .test_triggers import attempt

UNTIL = datetime(2026, 11, 22, 17, 0, 0, 123_456, UTC).timestamp()
CHANGES = (
    "UPDATE revocations SET issued_until = NULL",
    "DELETE FROM revocations",
    "INSERT INTO revocations (id, at, kind, key) VALUES (1, '', 'subject', '')",
)
ONLY = {
    "sqlite": "INSERT OR REPLACE INTO revocations (id, at, kind, key) VALUES (1, '', 'token', '')",
    "postgresql": "TRUNCATE revocations",
}


async def secret_of(log: Log) -> bytes:
    async with log.database.read() as connection:
        return await lookup.name_secret(connection)


async def test_a_log_without_revocations_has_none(log: Log) -> None:
    assert list(await revocations_since(log.database, 0)) == []


async def test_revocations_are_numbered_and_read_after_a_number(log: Log) -> None:
    await log.writer.transact(revoke_subject("u-17", UNTIL))
    await log.writer.transact(revoke_token("t-1"))
    first, second = await revocations_since(log.database, 0)
    assert (first.number, first.kind, second.number, second.kind) == (1, SUBJECT, 2, TOKEN)
    assert first.issued_until == pytest.approx(UNTIL, abs=1e-6)
    assert second.issued_until is None
    assert list(await revocations_since(log.database, 1)) == [second]
    assert list(await revocations_since(log.database, 2)) == []


async def test_a_revocation_by_one_node_is_known_to_another(database_url: str) -> None:
    async with open_log(database_url) as one, open_log(database_url, node="other") as other:
        await one.writer.transact(revoke_subject("u-17", UNTIL))
        revoked = Revoked(
            lambda number: revocations_since(other.database, number), await secret_of(other)
        )
        await revoked.refresh()
        assert revoked.is_revoked(Identity("u-17", issued_at=UNTIL - 1))
        assert not revoked.is_revoked(Identity("u-17", issued_at=UNTIL + 1))
        await one.writer.transact(revoke_token("t-1"))
        await revoked.refresh()
        assert revoked.is_revoked(Identity("u-17", issued_at=UNTIL + 1, token_id="t-1"))


async def test_the_same_revocation_again_is_no_error(log: Log) -> None:
    for _ in range(2):
        await log.writer.transact(revoke_token("t-1"))
        await log.writer.transact(revoke_subject("u-17", UNTIL))
    assert len(await revocations_since(log.database, 0)) == 4


async def test_a_revocation_appends_no_event_and_tells_nobody_whom_it_is_about(log: Log) -> None:
    _, events = await log.writer.transact(revoke_subject("the-subject", UNTIL))
    await log.writer.transact(revoke_token("the-token"))
    assert list(events) == []
    rows = str(await log.table("SELECT * FROM revocations"))
    assert "the-subject" not in rows
    assert "the-token" not in rows
    keys = {row["key"] for row in await log.table("SELECT key FROM revocations")}
    assert all(len(bytes(key)) == 16 for key in keys)
    assert len(keys) == 2


async def test_no_sql_takes_a_revocation_back(log: Log) -> None:
    await log.writer.transact(revoke_subject("u-17", UNTIL))
    before = await revocations_since(log.database, 0)
    for statement in (*CHANGES, ONLY[log.database.backend.name]):
        with pytest.raises((sa.exc.DBAPIError, sqlite3.Error)):
            await attempt(log.database, statement)
    assert list(await revocations_since(log.database, 0)) == list(before)
