"""Readiness: the last commit says it, and a probe is made only where none was for a while."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from chatlog.chat.readiness import Readiness
from chatlog.databases.sqlite import backend as sqlite
from tests.support.nodes import LocalClient, node_on


class Probe:
    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.count += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


async def test_many_askers_cost_one_probe() -> None:
    probe = Probe()
    readiness = Readiness(probe, probe_seconds=60)
    assert await asyncio.gather(*(readiness.check() for _ in range(128))) == [True] * 128
    assert await readiness.check()
    assert probe.count == 1


async def test_many_askers_of_a_broken_log_cost_one_probe() -> None:
    probe = Probe()
    probe.error = OSError("no space")
    readiness = Readiness(probe, probe_seconds=60)
    assert await asyncio.gather(*(readiness.check() for _ in range(128))) == [False] * 128
    assert probe.count == 1


async def test_commits_are_probes_enough() -> None:
    probe = Probe()
    readiness = Readiness(probe, probe_seconds=60)
    for succeeded in (True, False, True):
        readiness.note(succeeded)
        assert await readiness.check() is succeeded
    assert probe.count == 0


async def test_a_log_that_is_quiet_is_probed_again() -> None:
    probe = Probe()
    readiness = Readiness(probe, probe_seconds=0)
    assert await readiness.check()
    probe.error = OSError("no space")
    assert not await readiness.check()
    probe.error = None
    assert await readiness.check()
    assert probe.count == 3


async def test_clients_are_sent_away_once_the_grace_is_over_and_served_once_a_commit_succeeds() -> (
    None
):
    probe, left = Probe(), asyncio.Event()
    probe.error = OSError("gone")
    readiness = Readiness(probe, probe_seconds=60, grace_seconds=0.05, went_away=left.set)
    watching = asyncio.create_task(readiness.watch())
    readiness.note(succeeded=False)
    is_away = [readiness.is_away]
    async with asyncio.timeout(10):
        await left.wait()
    is_away.append(readiness.is_away)
    readiness.note(succeeded=True)
    is_away.append(readiness.is_away)
    assert is_away == [False, True, False]
    watching.cancel()


async def test_a_server_that_can_commit_but_not_read_is_not_ready_and_sends_its_clients_away() -> (
    None
):
    probe, left = Probe(), asyncio.Event()
    readiness = Readiness(probe, probe_seconds=60, grace_seconds=0.05, went_away=left.set)
    watching = asyncio.create_task(readiness.watch())
    readiness.note(succeeded=True)
    assert await readiness.check()
    readiness.note_read(succeeded=False)
    assert not await readiness.check()
    async with asyncio.timeout(10):
        await left.wait()
    readiness.note(succeeded=True)
    is_away = [readiness.is_away]
    readiness.note_read(succeeded=True)
    is_away.append(readiness.is_away)
    assert is_away == [True, False]
    assert await readiness.check()
    watching.cancel()


async def test_a_last_probe_at_the_end_of_the_grace_may_still_succeed() -> None:
    probe, left = Probe(), asyncio.Event()
    readiness = Readiness(probe, probe_seconds=60, grace_seconds=0.05, went_away=left.set)
    watching = asyncio.create_task(readiness.watch())
    readiness.note(succeeded=False)
    async with asyncio.timeout(10):
        while not await readiness.check():
            await asyncio.sleep(0.002)
    assert probe.count == 1
    assert not readiness.is_away
    assert not left.is_set()
    watching.cancel()


async def test_a_node_is_ready_as_its_last_commit_was(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 20)
    async with node_on(sqlite_url, probe_seconds=600, lease_seconds=600) as node:
        ada = LocalClient(node)
        await ada.join("general")
        assert await node.is_ready()
        path = str(sa.make_url(sqlite_url).database)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await ada.send("chat", message="x", id="c-1")
            assert (await ada.until("error", id="c-1"))["code"] == "unavailable"
            assert not await node.is_ready()
            other.execute("ROLLBACK")
        assert not await node.is_ready(), "nothing was committed since"
        await ada.send("chat", message="x", id="c-2")
        await ada.until("ack", id="c-2")
        assert await node.is_ready()
        # What the rules refuse says nothing about the database.
        assert await ada.refusal("chat", message=" ") == "message_empty"
        assert await node.is_ready()
