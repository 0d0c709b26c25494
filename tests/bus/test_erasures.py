"""An erasure is reported done once no server shows what it erased any more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatlog.databases.database import Database
from chatlog.databases.living import OpenNode
from chatlog.domain.errors import Unavailable
from chatlog.domain.identity import Identity
from chatlog.kinds.erasure import Redact
from chatlog.nodes import leases, naming
from chatlog.operations import erasing
from chatlog.operations.delegation import carry_out
from chatlog.runtime import Runtime
from chatlog.webhooks.sending import Answer, Sender
from tests.support.logbook import open_log
from tests.support.nodes import LocalClient, node_on, until
from tests.webhooks.receiver import receiving

SECRET = "the launch code is 0000"
WHO = {"by": "operator", "reason": "asked to"}


async def said(node: Runtime) -> tuple[LocalClient, int]:
    ada = LocalClient(node)
    await ada.join("general", "ada")
    await ada.send("chat", room="general", message=SECRET)
    return ada, int((await ada.until("chat"))["seq"])


async def shown(node: Runtime) -> str:
    """Return what a client who joins now is sent from the memory of a node."""
    reader = LocalClient(node)
    await reader.join("general", f"reader {id(reader)}")
    return bytes(reader.outlet.got).decode(errors="replace")


async def test_when_a_server_has_erased_the_other_does_not_show_it_any_more(
    two_nodes: tuple[Runtime, Runtime],
) -> None:
    first, second = two_nodes
    _, seq = await said(first)
    assert SECRET in await shown(second)
    erasure = await first.operations.eraser.redact("general", [seq], **WHO)
    assert erasure.is_scrubbed, erasure.remains
    assert SECRET not in await shown(second)


async def test_a_command_of_the_shell_waits_for_the_servers_too(
    two_nodes: tuple[Runtime, Runtime], postgres_url: str, bus: str
) -> None:
    first, second = two_nodes
    _, seq = await said(first)
    assert SECRET in await shown(second)
    if bus != "auto":  # a command notifies; servers on NATS find it when they poll
        first.tail._poll_seconds = second.tail._poll_seconds = 0.2
        first.tail.ring()
        second.tail.ring()
    arguments = {"room": "general", "seqs": [seq], **WHO}
    erasure = await asyncio.to_thread(
        lambda: asyncio.run(carry_out(postgres_url, "redact", arguments))
    )
    assert erasure["is_scrubbed"], erasure
    assert SECRET not in await shown(first)
    assert SECRET not in await shown(second)


async def test_a_server_that_does_not_read_is_named(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "SPREAD_SECONDS", 0.3)
    async with (
        node_on(postgres_url, node="first", bus="poll") as first,
        node_on(postgres_url, node="deaf", bus="poll") as deaf,
    ):
        _, seq = await said(first)
        assert SECRET in await shown(deaf)
        erasure = await first.operations.eraser.redact("general", [seq], **WHO)
        assert not erasure.is_scrubbed
        assert erasure.remains.startswith("deaf has not read the erasure yet")
        deaf.tail.ring()
        await until(lambda: deaf.tail.position >= seq + 2)
        assert SECRET not in await shown(deaf)


async def test_the_server_that_erases_reads_it_before_it_says_so(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server has appended before, so that it does not take the erasure from memory."""
    monkeypatch.setattr(erasing, "SPREAD_SECONDS", 0.3)
    async with (
        node_on(postgres_url, node="first", bus="poll") as first,
        node_on(postgres_url, node="second", bus="poll") as second,
    ):
        _, seq = await said(first)
        bob = LocalClient(second)
        await bob.join("general", "bob")
        monkeypatch.setattr(first.tail, "ring", lambda: None)
        redact = first.operations.eraser.redact
        behind = (await redact("general", [seq], **WHO)).remains
        assert "first" in behind, behind
        assert "have not read the erasure yet" in behind


async def test_a_person_is_told_once_every_server_has_read_what_was_redacted(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "SPREAD_SECONDS", 60.0)
    people: dict[str, Any] = {"has_people": True, "bus": "poll"}
    async with (
        node_on(postgres_url, node="first", **people) as first,
        node_on(postgres_url, node="deaf", **people) as deaf,
    ):
        eve = Identity("eve", "eve", frozenset({"admin"}))
        ada = LocalClient(first)
        await ada.connection.begin(eve)
        await ada.join("general", "eve")
        await ada.send("chat", room="general", message=SECRET)
        seq = int((await ada.until("chat"))["seq"])
        order = Redact(room="general", of=[seq], reason="asked to")
        redacting = asyncio.ensure_future(first.redact(eve, order, None))
        await until(lambda: first.tail.position == seq + 1)
        await asyncio.sleep(0.1)
        assert not redacting.done()
        deaf.tail.ring()
        assert (await redacting).room == "general"


async def test_an_erasure_stands_if_the_database_is_lost_while_the_servers_read_it(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> list[OpenNode]:
        raise Unavailable

    monkeypatch.setattr(leases, "unread", lost)
    async with node_on(postgres_url, node="first") as first:
        _, seq = await said(first)
        erasure = await first.operations.eraser.redact("general", [seq], **WHO)
        assert (erasure.events, erasure.is_scrubbed) == (1, False)
        assert erasure.remains.startswith("Servers may still show")


async def test_a_server_that_goes_on_under_a_new_lease_is_waited_for_at_once(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log:
        again = await naming.begin_again(
            log.database, "again", alone=False, lease_seconds=60.0, read_position=7
        )
        assert [node.number for node in await leases.unread(log.database, 8)] == [again.number]
        assert await leases.unread(log.database, 7) == []


async def test_only_a_server_with_a_lease_shows_a_slow_reader_its_memory(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with node_on(postgres_url) as node:
        slow = LocalClient(node)
        await slow.join("general", "slow")
        room = node.rooms.get("general")
        assert room is not None
        is_current = [room.feed._is_current()]
        monkeypatch.setattr(node.readiness, "has_lease", lambda _seconds: False)
        is_current.append(room.feed._is_current())
        assert is_current == [True, False]


async def test_a_webhook_is_not_sent_what_was_erased_while_it_waited_for_a_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_send, post = list[bytes](), asyncio.Event(), Sender._post

    async def slow(sender: Sender, url: str, headers: Any, body: bytes, guard: Any) -> Answer:
        begun.append(body)
        await may_send.wait()
        return await post(sender, url, headers, body, guard)

    monkeypatch.setattr(Sender, "_post", slow)
    private = {"allow_http_webhooks": True, "allow_private_webhooks": True}
    async with receiving() as receiver, node_on(database_url, **private) as node:
        await node.operations.webhooks.add(receiver.url, types=["chat"])
        await until(lambda: node.deliverer.count == 1)
        _, seq = await said(node)
        await until(lambda: begun)
        assert SECRET.encode() in begun[0]
        erasure = await node.operations.eraser.redact("general", [seq], **WHO)
        assert erasure.is_scrubbed, erasure.remains
        may_send.set()
        await receiver.until(1)
        assert SECRET.encode() not in b"".join(one.body for one in receiver.got)


async def test_a_dead_server_is_waited_for_no_longer_than_its_lease(postgres_url: str) -> None:
    async with node_on(postgres_url, node="first", lease_seconds=1.0) as first:
        _, seq = await said(first)
        database = Database(postgres_url)
        dead = await leases.begin(database, "dead", alone=False, lease_seconds=1.0)
        await leases.report(database, dead, 0)
        await database.dispose()
        erasure = await first.operations.eraser.redact("general", [seq], **WHO)
        assert erasure.is_scrubbed, erasure.remains


async def test_of_several_servers_the_oldest_applies_retention(postgres_url: str) -> None:
    async with (
        node_on(postgres_url, node="second") as second,
        node_on(postgres_url, node="third") as third,
    ):
        nodes = [(node.database, node.writer.node) for node in (second, third)]
        assert [await leases.is_first(*node) for node in nodes] == [True, False]
        await leases.end(*nodes[0])
        assert await leases.is_first(*nodes[1])
