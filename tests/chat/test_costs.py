"""The costs of a batch of chats, counted: what grows with messages, with members, with neither.

Counts do not depend on the machine. A change that makes the path of a message longer shows here.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from typing import Any

import pytest

from chatlog.chat import live
from chatlog.databases.sqlite.one_hop import OneHopConnection
from chatlog.delivery.gathering import Gathering
from chatlog.eventlog import chain
from chatlog.kinds.chat import Post
from chatlog.runtime import Runtime
from tests.support.feeds import FakeClock
from tests.support.nodes import LocalClient, node_on, until

MEMBERS = 10
CHATS = 20
MOST_CALLS = 165
"""155 were counted on Python 3.11."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count hops to SQLite's thread, hashes, and events encoded."""
    found: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        call = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            found[name] += 1
            return call(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(OneHopConnection, "_execute")
    count(chain, "sha256")
    count(live, "encode")
    return found


async def test_a_batch_is_one_hop_two_hashes_a_chat_and_one_write_a_member(
    sqlite_url: str, calls: Counter[str]
) -> None:
    async with node_on(sqlite_url, max_in_flight=CHATS + 1) as node:
        members = [LocalClient(node) for _ in range(MEMBERS)]
        for number, member in enumerate(members):
            await member.join("general", f"user{number}")
        for member in members:
            member.outlet.writes.clear()
        calls.clear()
        async with node.database.write():  # so that all chats are in one batch
            for number in range(CHATS):
                await members[0].send("chat", id=f"c-{number}", message="hello")
            calls.clear()
        await until(lambda: len(members[-1].frames()) >= CHATS)
        one_batch = {"_execute": 1, "sha256": 2 * CHATS, "encode": CHATS}
        two_batches = one_batch | {"_execute": 2}  # the first chat may have begun one
        assert dict(calls) in (one_batch, two_batches)
        assert len(members[-1].outlet.writes) == calls["_execute"]
        # Acks wait for those writes (see ``SocketOutlet.write_soon``).
        assert len(members[0].outlet.writes) == CHATS + calls["_execute"]


async def test_a_commit_leaves_nothing_to_the_garbage_collector(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        ada = LocalClient(node)
        await ada.join("general")
        gc.collect()
        gc.disable()
        try:
            for number in range(CHATS):
                await ada.send("chat", id=f"c-{number}", message="hello")
                await ada.until("ack", id=f"c-{number}")
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            assert not [found for found in gc.garbage if isinstance(found, Post | bytes)]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()


async def test_a_further_chat_of_a_batch_takes_so_many_calls(sqlite_url: str) -> None:
    """Calls of Python's and C's functions in the event loop, from the text to the last frame."""
    async with node_on(sqlite_url, max_in_flight=10_000) as node:
        members = [LocalClient(node) for _ in range(MEMBERS)]
        for number, member in enumerate(members):
            await member.join("general", f"user{number}")
        few = await calls_of(node, members[0], CHATS)
        many = await calls_of(node, members[0], 3 * CHATS)
        assert 50 < (many - few) / (2 * CHATS) <= MOST_CALLS


async def calls_of(node: Runtime, member: LocalClient, chats: int) -> int:
    """Return how many functions are called for one batch of chats."""
    texts = [b'{"type":"chat","id":"%d %d","message":"hello"}' % (chats, n) for n in range(chats)]
    found = 0

    def count(_frame: Any, event: str, _of: Any) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    async with node.database.write():  # so that the first chat does not begin a batch of one
        await member.send("chat", id=f"first of {chats}", message="hello")
        await asyncio.sleep(0.1)
        sys.setprofile(count)
        try:
            for text in texts:
                assert member.connection.take(text) is None
        finally:
            sys.setprofile(None)
    sys.setprofile(count)
    try:
        await node.committer.drain()
    finally:
        sys.setprofile(None)
    assert len([frame for frame in member.frames() if frame.get("id") == f"{chats} 0"]) == 2
    return found


async def test_a_storm_of_joins_is_one_write_for_each_who_is_there_and_one_for_each_who_comes(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    async with node_on(sqlite_url) as node:
        gathering = Gathering(clock, max_seconds=1, max_bytes=65_536, seconds_a_member=1)
        monkeypatch.setattr(node.rooms, "_gathering", lambda: gathering)
        members = [LocalClient(node) for _ in range(MEMBERS)]
        for number, member in enumerate(members):
            await member.join("general", f"user{number}")
        clock.move(1)  # the last of them are written
        clock.move(1)
        for member in members:
            member.outlet.writes.clear()
            member.new()
        comers = [LocalClient(node) for _ in range(MEMBERS)]
        for number, comer in enumerate(comers):
            await comer.join("general", f"comer{number}")
        assert [len(comer.outlet.writes) for comer in comers] == [1] * MEMBERS
        # The first join comes after a pause, the others are gathered until somebody chats.
        assert [len(member.outlet.writes) for member in members] == [1] * MEMBERS
        await comers[0].send("chat", message="hello")
        for client in (*members, *comers):
            await client.until("chat")
        assert [len(member.outlet.writes) for member in members] == [2] * MEMBERS
        for member in members:
            seqs = [frame["seq"] for frame in member.new()]
            assert seqs == list(range(MEMBERS + 1, 2 * MEMBERS + 2))
