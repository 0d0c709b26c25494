"""A node hears of what the others append, by either bell, and reads no more than it needs."""

from __future__ import annotations

import asyncio

import pytest

from chatlog.bus.bell import Bell
from chatlog.runtime import Runtime
from tests.support.checker import assert_holds
from tests.support.inside import InsideClient
from tests.support.nats import Nats
from tests.support.nodes import LocalClient, node_on, until
from tests.support.pgbouncer import running_pgbouncer
from tests.support.record import Record

from .conftest import LONG, is_up

ROUNDS = 40
TERMINATE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
    "datname = current_database() AND application_name = 'chatlog bell' AND query LIKE {}"
)


async def test_what_one_node_appends_reaches_the_members_on_the_other(
    two_nodes: tuple[Runtime, Runtime],
) -> None:
    ada, bob = (LocalClient(node) for node in two_nodes)
    await ada.join("general", "ada")
    await bob.join("general", "bob")
    await ada.until("notification", username="bob")
    await ada.send("chat", room="general", message="hello")
    await bob.until("chat", message="hello")
    await bob.send("chat", room="general", message="and back")
    await ada.until("chat", message="and back")


async def test_the_last_that_a_server_appends_is_told_before_it_ends(
    postgres_url: str, bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlog.bus.bell.PAUSE_SECONDS", 60.0)
    async with node_on(postgres_url, bus=bus, node="stays", **LONG) as stays:
        ada = LocalClient(stays)
        await ada.join("general", "ada")
        async with node_on(postgres_url, bus=bus, node="ends", **LONG) as ends:
            await until(lambda: is_up(stays) and is_up(ends))
            bob = LocalClient(ends)
            ends.clients.add(bob.connection)
            await bob.join("general", "bob")
            await ada.until("notification", username="bob")
            ada.new()
        await ada.until("notification", username="bob")


async def test_what_is_on_its_way_has_been_sent_when_a_bell_is_flushed() -> None:
    sent, may_send = list[str](), asyncio.Event()

    class Slow:
        max_bytes = 1_000

        async def send(self, text: str) -> None:
            await may_send.wait()
            sent.append(text)

        async def listen(self, *_: object) -> None: ...

        async def close(self) -> None: ...

    bell = Bell(Slow(), lambda: 1)
    bell.tell(())
    sending = asyncio.create_task(bell.send())
    await asyncio.sleep(0)
    flushing = asyncio.create_task(bell.flush())
    await asyncio.sleep(0)
    assert not flushing.done()
    may_send.set()
    await flushing
    assert len(sent) == 1
    sending.cancel()


async def test_two_nodes_that_chat_at_once_show_one_order(
    two_nodes: tuple[Runtime, Runtime],
) -> None:
    record = Record()
    people = [InsideClient(node, record, f"{n}") for n, node in enumerate(two_nodes * 2)]
    for person in people:
        await person.join("general")

    async def talk(person: InsideClient) -> int:
        for number in range(ROUNDS):
            ack = await person.chat("general", f"{number}", id=f"{id(person)}-{number}")
            assert ack.type == "ack", ack.raw
        return ack.seq

    last = max(await asyncio.gather(*map(talk, people)))
    for person in people:
        await person.wait(lambda frame: frame.is_event and frame.seq >= last)
    page = await people[0].ask("history", room="general", after=0, limit=500)
    record.logs["general"] = list(page.events)
    assert len(page.events) == len(people) * (ROUNDS + 1)
    assert_holds(record, settled=True)


async def test_a_node_reads_nothing_for_rooms_that_it_does_not_serve(
    two_nodes: tuple[Runtime, Runtime],
) -> None:
    first, second = two_nodes
    ada, bob = LocalClient(first), LocalClient(second)
    await bob.join("elsewhere", "bob")
    read = second.tail.position
    moves = second.tail.moves
    await ada.join("general", "ada")
    await until(lambda: second.tail.moves > moves)  # who follows the whole log is woken
    assert second.tail.position == read
    # Its own batch is shown from memory, although it has not read what is before it.
    await bob.send("chat", room="elsewhere", message="from memory")
    await bob.until("chat", message="from memory")
    assert second.tail.position == read
    await ada.join("elsewhere", "ada")
    await bob.until("notification", username="ada")
    assert second.tail.position == 4


async def test_a_bell_with_too_many_rooms_to_name_is_heard_by_everybody(
    two_nodes: tuple[Runtime, Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_nodes
    bob = LocalClient(second)
    await bob.join("general", "bob")
    assert first.bell is not None
    monkeypatch.setattr(type(first.bell._transport), "max_bytes", 60)
    ada = LocalClient(first)
    await ada.join("elsewhere", "ada")
    await until(lambda: second.tail.position == 2)


async def test_a_node_whose_connections_were_terminated_listens_again_and_then_reads(
    postgres_url: str,
) -> None:
    async with (
        node_on(postgres_url, node="first", **LONG) as first,
        node_on(postgres_url, node="second", **LONG) as second,
    ):
        await until(lambda: is_up(first) and is_up(second))
        ada, bob = LocalClient(first), LocalClient(second)
        await ada.join("general", "ada")
        await bob.join("general", "bob")
        for statement in ("LISTEN", "NOTIFY"):
            async with first.database.write() as connection:
                await connection.exec_driver_sql(TERMINATE.format(f"'{statement}%%'"))
            await ada.send("chat", room="general", message=statement)
            await bob.until("chat", message=statement)
        assert second.tasks.failures["bell"] >= 1


async def test_nats_may_be_away_at_the_start_and_come_back(postgres_url: str, nats: Nats) -> None:
    await nats.stop()
    settings = {**LONG, "bus": nats.url(), "poll_seconds": 0.3}
    async with (
        node_on(postgres_url, node="first", **settings) as first,
        node_on(postgres_url, node="second", **settings) as second,
    ):
        ada, bob = LocalClient(first), LocalClient(second)
        await ada.join("general", "ada")
        await bob.join("general", "bob")
        await ada.send("chat", room="general", message="polled")
        await bob.until("chat", message="polled")
        assert not is_up(first)
        for _ in range(2):
            await nats.start()
            await until(lambda: is_up(first) and is_up(second))
            await nats.stop()
            await until(lambda: not is_up(first) and not is_up(second))
            await ada.send("chat", room="general", message="polled again")
            await bob.until("chat", message="polled again")


@pytest.mark.parametrize("mode", ["session", "transaction"])
async def test_through_a_pooler_a_node_hears_the_bell_or_says_that_it_polls(
    postgres_url: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running_pgbouncer(postgres_url, mode) as url:
        async with (
            node_on(url, node="first", poll_seconds=0.3, **LONG) as first,
            node_on(url, node="second", poll_seconds=0.3, **LONG) as second,
        ):
            if mode == "session":
                await until(lambda: is_up(second))
            else:
                await until(lambda: "polls the log instead" in caplog.text)
                assert not is_up(second)
            ada, bob = LocalClient(first), LocalClient(second)
            await bob.join("general", "bob")
            await ada.join("general", "ada")
            await bob.until("notification", username="ada")


async def test_a_server_of_one_file_has_no_bell(sqlite_url: str) -> None:
    async with node_on(sqlite_url) as node:
        assert node.bell is None
