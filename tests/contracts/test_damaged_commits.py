"""A commit that ends with an error that says "damaged" is looked up like any other in doubt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from chatlog.databases.at_once import _AtOnce
from chatlog.databases.backend import Failure
from chatlog.databases.sqlite.one_hop import OneHopConnection
from chatlog.domain.errors import LogError, OutcomeUnknown
from chatlog.eventlog.append import Batch
from chatlog.kinds.chat import Post
from tests.support.logbook import Log

Work = Callable[[sqlite3.Connection], None]


class Plant:
    """Makes the next commit end with an error, carried out or not, and calls it fatal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
        self.is_carried_out = True
        self.times = 1
        self._commit = AsyncTransaction.commit
        plant = self

        async def commit(transaction: AsyncTransaction) -> None:
            if plant.times == 0:
                await plant._commit(transaction)
                return
            plant.times -= 1
            await (plant._commit if plant.is_carried_out else AsyncTransaction.rollback)(
                transaction
            )
            raise RuntimeError("database disk image is malformed")

        commit_at_once = _AtOnce.commit

        async def commit_one(transaction: _AtOnce) -> None:
            if plant.times == 0:
                await commit_at_once(transaction)
                return
            plant.times -= 1
            if plant.is_carried_out:
                await commit_at_once(transaction)
            else:
                transaction.sync_connection.rollback()
            raise RuntimeError("database disk image is malformed")

        whole = OneHopConnection.whole

        async def write_whole(
            connection: OneHopConnection, work: Work, committing: Callable[[], None]
        ) -> float:
            if plant.times == 0:
                return await whole(connection, work, committing)
            plant.times -= 1
            if plant.is_carried_out:
                await whole(connection, work, committing)
            else:
                committing()
            raise RuntimeError("database disk image is malformed")

        monkeypatch.setattr(AsyncTransaction, "commit", commit)
        monkeypatch.setattr(_AtOnce, "commit", commit_one)
        monkeypatch.setattr(OneHopConnection, "whole", write_whole)
        monkeypatch.setattr(type(log.database.backend), "failure", lambda *_: Failure.FATAL)


async def test_a_commit_that_was_carried_out_is_acknowledged(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await log.join("general", "ada")
    Plant(monkeypatch, log)
    [event] = await log.record(Post("general", session, "in doubt"))
    assert (await log.events())[-1] == event


async def test_a_commit_that_was_not_carried_out_is_refused(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await log.join("general", "ada")
    Plant(monkeypatch, log).is_carried_out = False
    with pytest.raises(LogError, match="damaged"):
        await log.append(Post("general", session, "in doubt"))
    assert len(await log.events()) == 1


async def test_a_commit_that_cannot_be_looked_up_is_unknown(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await log.join("general", "ada")
    log.writer._doubt_seconds = 0.5

    async def damaged(_connection: AsyncConnection, _node: int) -> None:
        raise RuntimeError("database disk image is malformed")

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        batch.settle(Post("general", session, "in doubt"))
        monkeypatch.setattr(log.database.backend, "lock", damaged)

    Plant(monkeypatch, log)
    with pytest.raises(OutcomeUnknown):
        await log.writer.transact(step)


async def test_a_step_without_an_event_whose_commit_is_in_doubt_is_unknown(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.join("general", "ada")

    async def step(connection: AsyncConnection, _batch: Batch) -> None:
        await connection.execute(sa.text("DELETE FROM retention"))

    Plant(monkeypatch, log)
    with pytest.raises(OutcomeUnknown):
        await log.writer.transact(step)
