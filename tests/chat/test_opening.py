"""A room that several open at once: what becomes of one of them harms none of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from chatlog.chat.live import LiveRoom
from chatlog.domain.errors import Overloaded, Unavailable
from chatlog.eventlog.committing.committer import Done
from chatlog.kinds.command import Command
from chatlog.kinds.join import Join
from chatlog.runtime import Runtime
from tests.support.nodes import LocalClient, node_on, until


class Gate:
    """Reading a room waits here until ``opened`` is set; ``error`` is raised then."""

    def __init__(self, node: Runtime) -> None:
        self.opened = asyncio.Event()
        self.error: Exception | None = None
        self.waiting = 0
        self._snapshot: Callable[[str], Awaitable[LiveRoom]] = node.rooms._snapshot
        node.rooms._snapshot = self._wait  # type: ignore[method-assign]

    async def _wait(self, name: str) -> LiveRoom:
        self.waiting += 1
        await self.opened.wait()
        if self.error is not None:
            raise self.error
        return await self._snapshot(name)


def refuse_join_of(node: Runtime, username: str) -> None:
    """Have the line be full whenever this user joins."""
    submit = node.committer.submit

    def picky(command: Command, done: Done) -> None:
        if isinstance(command, Join) and command.username == username:
            raise Overloaded
        submit(command, done)

    node.committer.submit = picky  # type: ignore[method-assign]


def joining(client: LocalClient, username: str, room: str = "general") -> asyncio.Task[None]:
    return asyncio.create_task(client.send("join", room=room, username=username, id="join"))


async def all_waiting(gate: Gate) -> None:
    await until(lambda: gate.waiting)
    for _ in range(5):  # those who came after the first wait for it, not at the gate
        await asyncio.sleep(0)


async def assert_chats(client: LocalClient) -> None:
    await client.send("chat", message="does it come back?", id="chat")
    await client.until("ack", id="chat")
    await client.until("chat", id="chat")


async def test_who_waits_for_a_room_gets_it_when_its_opener_is_refused(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        gate, (ada, bob, eve) = Gate(node), (LocalClient(node) for _ in range(3))
        refuse_join_of(node, "ada")
        tasks = [joining(ada, "ada"), joining(bob, "bob"), joining(eve, "eve")]
        await all_waiting(gate)
        gate.opened.set()
        await asyncio.gather(*tasks)
        assert (await ada.until("error"))["code"] == "overloaded"
        for client in (bob, eve):
            await client.until("caught_up")
            await assert_chats(client)


async def test_a_room_whose_joiners_are_all_refused_is_not_kept(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        gate = Gate(node)
        refuse_join_of(node, "ada")
        tasks = [joining(LocalClient(node), "ada") for _ in range(3)]
        await all_waiting(gate)
        gate.opened.set()
        await asyncio.gather(*tasks)
        assert len(node.rooms) == 0


async def test_who_waits_for_a_room_reads_it_when_its_opener_is_cancelled(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        gate, ada, bob, eve = Gate(node), LocalClient(node), LocalClient(node), LocalClient(node)
        tasks = [joining(ada, "ada"), joining(bob, "bob"), joining(eve, "eve")]
        await all_waiting(gate)
        tasks[0].cancel()
        await until(lambda: gate.waiting == 2)
        gate.opened.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in (bob, eve):
            await client.until("caught_up")
            await assert_chats(client)
        assert len(node.rooms) == 1


async def test_a_log_that_cannot_be_read_is_told_to_all_who_wait_and_the_next_one_tries(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url) as node:
        gate, clients = Gate(node), [LocalClient(node) for _ in range(3)]
        gate.error = Unavailable("The log cannot be read now. Try again.")
        tasks = [joining(client, "ada") for client in clients]
        await all_waiting(gate)
        gate.opened.set()
        await asyncio.gather(*tasks)
        for client in clients:
            assert (await client.until("error"))["code"] == "unavailable"
        assert len(node.rooms) == 0
        gate.error = None
        await clients[0].join("general")
        await assert_chats(clients[0])


async def test_a_waiter_who_goes_away_takes_nobody_s_room(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        gate, ada, bob = Gate(node), LocalClient(node), LocalClient(node)
        tasks = [joining(ada, "ada"), joining(bob, "bob")]
        await all_waiting(gate)
        bob.connection.close("disconnected")
        gate.opened.set()
        await asyncio.gather(*tasks)
        await assert_chats(ada)


async def test_a_room_is_not_let_go_as_idle_between_its_opening_and_the_joining(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with node_on(sqlite_url, idle_room_seconds=0.01) as node:
        opened, go_on = asyncio.Event(), asyncio.Event()
        open_room = node.rooms.open

        async def open_slowly(name: str) -> LiveRoom:
            room = await open_room(name)
            opened.set()
            await go_on.wait()
            return room

        monkeypatch.setattr(node.rooms, "open", open_slowly)
        ada = LocalClient(node)
        task = joining(ada, "ada")
        await opened.wait()
        await asyncio.sleep(0.1)  # several sweeps; each would let an idle room go
        assert len(node.rooms) == 1
        go_on.set()
        await task
        await assert_chats(ada)


async def test_a_joiner_who_is_cancelled_leaves_and_does_not_hold_the_room(
    sqlite_url: str,
) -> None:
    async with node_on(sqlite_url, idle_room_seconds=0.05) as node:
        witness, ada = LocalClient(node), LocalClient(node)
        await witness.join("general", "witness")
        async with node.committer._turn:
            task = joining(ada, "ada")
            room = node.rooms.get("general")
            assert room is not None
            await until(lambda: room.joining)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        left = await witness.until("notification", event="leave", username="ada")
        assert left["cause"] == "disconnected"
        await witness.send("leave")
        await until(lambda: len(node.rooms) == 0)
