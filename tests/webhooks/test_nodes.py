"""Several servers on one database: one delivers, and another takes over when it is gone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from chatlog.databases.schema import nodes, webhooks
from tests.cli.command import chatlog
from tests.support.server import Server, until

from .conftest import delivering_on, joined, listed, say, ticks, until_listed
from .receiver import Delivery, Receiver

FLAGS = ("--allow-http-webhooks", "--allow-private-webhooks", "--webhook-retry-seconds", "0.1")


async def test_one_of_two_servers_delivers_and_the_other_takes_over_when_it_stops(
    postgres_url: str, receiver: Receiver
) -> None:
    quick = {"poll_seconds": 0.1}
    async with delivering_on(postgres_url, node="b", **quick) as second:
        async with delivering_on(postgres_url, node="a", **quick) as first:
            await first.operations.webhooks.add(receiver.url, types=["chat"])
            async for _ in ticks():
                if first.deliverer.count + second.deliverer.count == 1:
                    break
            ada, bob = await joined(first, "general"), await joined(second, "general", "other")
            await say(ada, "general", "one")
            await say(bob, "general", "two")
            await receiver.until(2)
            assert receiver.texts() == ["one", "two"]
            assert first.deliverer.count + second.deliverer.count == 1
        await say(bob, "general", "three")
        async for _ in ticks():
            if "three" in receiver.texts():
                break
        assert second.deliverer.count == 1
    # One that stops may not have noted its last delivery, which then comes once more.
    got = [delivery.text for delivery in receiver.got]
    assert list(dict.fromkeys(got)) == ["one", "two", "three"]


async def test_a_server_that_no_longer_holds_a_webhook_moves_no_cursor(
    postgres_url: str, receiver: Receiver
) -> None:
    """A receiver takes an event from a server that another has replaced meanwhile."""
    release = asyncio.Event()

    async def slowly(_: Delivery) -> int:
        await release.wait()
        return 200

    receiver.answer = slowly
    async with delivering_on(postgres_url, node="a") as node:
        await node.operations.webhooks.add(receiver.url, types=["chat"])
        client = await joined(node, "general")
        await say(client, "general", "one")
        await receiver.until(1, of="got")
        async with node.database.write() as connection, connection.begin():
            row = dict((await connection.execute(sa.select(nodes))).mappings().one())
            await connection.execute(nodes.insert(), row | {"id": 99, "node": "other"})
            await connection.execute(webhooks.update().values(node_id=99))
        release.set()
        await receiver.until(1)
        async for _ in ticks():
            if node.deliverer.attempts["2xx"] == 1 and not node.tasks.failures["webhooks"]:
                break
        await say(client, "general", "two")
        assert (await listed(node))["behind"] == 2
    assert [delivery.text for delivery in receiver.got] == ["one"]


@asynccontextmanager
async def servers(url: str, folder: Path) -> AsyncIterator[list[Server]]:
    flags = (*FLAGS, "--lease-seconds", "1", "--poll-seconds", "0.2")
    started = [Server(url, folder / f"{n}.log", (*flags, "--node", n)) for n in ("a", "b")]
    try:
        for server in started:
            await server.start()
        yield started
    finally:
        for server in started:
            await server.kill()


async def delivers(server: Server) -> bool:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
        return re.search(r"^chatlog_webhooks 1.0$", await answer.text(), re.MULTILINE) is not None


async def post(server: Server, message: str) -> None:
    body = {"username": "ada", "message": message}
    url = f"{server.url}/api/rooms/general/messages"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        assert answer.status == 201, await answer.text()


@pytest.mark.slow
async def test_when_a_server_is_killed_the_other_takes_over_and_loses_nothing(
    postgres_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    async with servers(postgres_url, tmp_path) as both:
        add = ("webhook", "add", receiver.url, *FLAGS[:2], "--database", postgres_url)
        await asyncio.to_thread(chatlog, *add)

        async def is_held() -> bool:
            return [await delivers(server) for server in both].count(True) == 1

        await until(is_held, 20, "a server that delivers")
        holder = both[0] if await delivers(both[0]) else both[1]
        other = both[1 - both.index(holder)]
        await post(other, "one")
        await receiver.until(1)
        receiver.answer = lambda _: 500
        await post(other, "two")
        await receiver.until(2, of="got")
        await holder.kill()
        receiver.answer = lambda _: 200
        await post(other, "three")
        if not (await until_taken(receiver, 3)):
            (one,) = [
                await asyncio.to_thread(chatlog, "webhook", "list", "--database", postgres_url)
            ]
            raise AssertionError(one.stdout + other.printed())
    assert receiver.texts() == ["one", "two", "three"]
    ids = {delivery.text: delivery.id for delivery in receiver.got}
    assert all(ids[delivery.text] == delivery.id for delivery in receiver.got)


async def until_taken(receiver: Receiver, count: int) -> bool:
    try:
        await receiver.until(count)
    except TimeoutError:
        return False
    return True


async def test_a_copied_log_delivers_from_where_it_was(
    sqlite_url: str, postgres_url: str, receiver: Receiver
) -> None:
    receiver.answer = lambda delivery: 200 if delivery.text in ("join", "one") else 500
    async with delivering_on(sqlite_url, webhook_retry_seconds=(600.0,)) as node:
        id = (await node.operations.webhooks.add(receiver.url))["id"]
        client = await joined(node, "general")
        await say(client, "general", "one", "two")
        await until_listed(node, state="retrying")
        before = await listed(node)
    await asyncio.to_thread(chatlog, "copy", "--from", sqlite_url, "--to", postgres_url)
    receiver.answer = lambda _: 200
    async with delivering_on(postgres_url) as node:
        after = await listed(node)
        # The new server may have written already that ada's session has lapsed.
        assert after == before | {"behind": after["behind"]}
        await node.operations.webhooks.retry(id)
        await receiver.until(4)
    assert receiver.texts() == ["join", "one", "two", "leave"]
    tries = [delivery.id for delivery in receiver.got if delivery.text == "two"]
    assert len(tries) == 2
    assert len(set(tries)) == 1
