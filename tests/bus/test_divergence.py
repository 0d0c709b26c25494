"""A node notices that the log has lost events it has read, and lets its clients come back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import sqlalchemy as sa

from chatlog.runtime import Runtime
from chatlog.wire.frames import GOING_AWAY
from tests.support.logbook import chats, open_log
from tests.support.nodes import LocalClient, node_on, until
from tests.support.rewinding import copy_of
from tests.webhooks.receiver import receiving

SOON: dict[str, Any] = {"bus": "poll", "poll_seconds": 0.2}


async def say(client: LocalClient, *messages: str) -> int:
    for message in messages:
        await client.send("chat", room="general", message=message)
        frame = await client.until("chat", message=message)
    return int(frame["seq"])


async def until_let_go(client: LocalClient) -> None:
    """Wait; the tail pauses for seconds after it could not read."""
    async with asyncio.timeout(40):
        while client.outlet.closed != (GOING_AWAY, b""):
            await asyncio.sleep(0.01)


async def joined(node: Runtime, name: str) -> LocalClient:
    client = LocalClient(node)
    await client.join("general", name)
    return client


async def test_clients_are_let_go_and_come_back_to_the_log_as_it_is(postgres_url: str) -> None:
    async with node_on(postgres_url, **SOON) as node:
        ada = await joined(node, "ada")
        await say(ada, "kept")
        async with copy_of(postgres_url) as copy:
            await say(ada, "lost", "lost too")
            last = await ada.until("chat", message="lost too")
            await until(lambda: node.tail.position == last["seq"])
            await copy.go_back()
            await until_let_go(ada)
        again = LocalClient(node)
        resume = {"room": "general", "username": "ada", "after": last["seq"], "hash": last["hash"]}
        assert await again.refusal("join", **resume) in ("after_unknown", "diverged")
        await again.join("general", "ada", after=0)
        assert [frame["message"] for frame in again.frames() if frame["type"] == "chat"] == ["kept"]
        await say(again, "and on")
        await until(lambda: node.tail.position >= 4)


async def test_another_event_at_the_same_position_is_noticed_too(postgres_url: str) -> None:
    async with (
        node_on(postgres_url, **SOON, node="first") as first,
        node_on(postgres_url, **SOON, node="second") as second,
    ):
        bob = await joined(second, "bob")
        async with copy_of(postgres_url) as copy:
            ada = await joined(first, "ada")
            await until(lambda: second.tail.position == 2)
            await copy.go_back()
            await until_let_go(bob)
        carol = await joined(second, "carol")
        await until_let_go(ada)
        await say(carol, "and on")


async def test_lost_events_are_noticed_although_the_next_batch_is_the_servers_own(
    postgres_url: str,
) -> None:
    """Others have appended as much as was lost, so that the batch follows what was read."""
    async with (
        node_on(postgres_url, bus="poll", node="first") as first,
        open_log(postgres_url, node="other") as other,
    ):
        ada = await joined(first, "ada")
        bob = await other.join("elsewhere", "bob")
        first.tail.ring()
        await until(lambda: first.tail.position == 2)
        async with copy_of(postgres_url) as copy:
            await other.record(*chats("elsewhere", bob, ["lost"] * 3))
            first.tail.ring()
            await until(lambda: first.tail.position == 5)
            await copy.go_back()
        await other.record(*chats("elsewhere", bob, ["instead"] * 3))
        first.tail._read_page = late(first.tail._read_page)  # type: ignore[method-assign]
        async with asyncio.timeout(40):
            while ada.outlet.is_open:  # the first may be refused: its connection was cut
                await ada.send("chat", room="general", message="next")
                await asyncio.sleep(0.2)
        assert ada.outlet.closed == (GOING_AWAY, b"")


async def test_a_lost_event_that_was_dispatched_ahead_of_the_others_is_noticed(
    postgres_url: str,
) -> None:
    """It was never read, so no reading starts at its place."""
    async with node_on(postgres_url, bus="poll", poll_seconds=60.0, node="first") as first:
        ada = await joined(first, "ada")
        async with copy_of(postgres_url) as copy:
            await connected_again(first)
            async with open_log(postgres_url, node="other") as other:
                await other.join("elsewhere", "bob")
            await say(ada, "lost")
            assert first.tail.position == 1
            await copy.go_back()
        async with open_log(postgres_url, node="another") as another:
            bob = await another.join("elsewhere", "bob")
            await another.record(*chats("elsewhere", bob, ["instead"] * 2))
        first.tail.ring()
        await until_let_go(ada)


async def connected_again(node: Runtime) -> None:
    """Wait until the node writes on a new connection, its old one having been cut."""
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(Exception):
                async with node.database.write() as connection:
                    await connection.execute(sa.text("SELECT 1"))
                    return
            await asyncio.sleep(0.05)


Read = Callable[[], Coroutine[Any, Any, bool]]


def late(read: Read) -> Read:
    async def read_late() -> bool:
        await asyncio.sleep(0.5)
        return await read()

    return read_late


async def test_webhooks_get_what_comes_in_the_place_of_what_was_lost(
    postgres_url: str,
) -> None:
    async with (
        receiving() as receiver,
        # Nothing polls, so no task fails and begins again while the database is away.
        node_on(postgres_url, allow_http_webhooks=True, allow_private_webhooks=True) as node,
    ):
        await node.operations.webhooks.add(receiver.url, types=["chat"])
        await until(lambda: node.deliverer.count == 1)
        ada = await joined(node, "ada")
        await say(ada, "kept")
        await receiver.until(1)
        async with copy_of(postgres_url) as copy:
            await say(ada, *(f"lost {number}" for number in range(4)))
            await receiver.until(5)
            await copy.go_back()
            await ada.send("chat", room="general", message="the writer notices")
            await until_let_go(ada)
        await say(await joined(node, "ada"), "instead")
        await until(lambda: "instead" in receiver.texts())
