"""Servers of two versions on one log: while it is migrated, after it, and on the way back."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatlog.databases.revisions import newest_revision
from chatlog.domain.version import VERSION
from tests.contracts.test_migrations import revision
from tests.support.checker import assert_holds
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.command import Ended, chatlog
from tests.support.newer import ADDITIONS, RENAMING, Newer, newer_version
from tests.support.server import Server, until

from .admin import administrator
from .conftest import Start

LEASE = 1.5
OWN = newest_revision()
SHARED, UNSHARED = (f"{int(OWN) + more:04}" for more in (1, 2))
POLLING = ("--poll-seconds", "0.1", "--lease-seconds", "15")
NOT_SERVED = "a newer chatlog wrote it"


@pytest.fixture
def newer(tmp_path: Path) -> Newer:
    """A version with a migration that is shared."""
    newer = newer_version(tmp_path / "newer")
    newer.add(SHARED, ADDITIONS, shared=True)
    return newer


@asynccontextmanager
async def talking(client: Client) -> AsyncIterator[None]:
    """Have a member chat without a pause during the block; each chat must be acknowledged."""
    over = asyncio.Event()

    async def talk() -> None:
        while not over.is_set():
            await client.chat("general", "still here")

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        over.set()
        await task


@pytest.fixture
async def servers() -> AsyncIterator[list[Server]]:
    """Servers to be killed at the end."""
    started: list[Server] = []
    yield started
    for server in started:
        if server.process is not None:
            await server.kill()


async def migrated_beside_a_reader(newer: Newer, url: str, client: Client) -> Ended:
    """Migrate while a reader of the log keeps a transaction open, and a member chats."""
    async with administrator(url) as admin, admin.connection.transaction():
        await admin.value("SELECT count(*) FROM chatlog.events")
        migrating = asyncio.create_task(newer.run("migrate", database=url))
        async with administrator(url) as observer:
            await observer.waiting_to("ALTER TABLE events%")
        for _ in range(3):
            await client.chat("general", "not held up")
        assert not migrating.done()
    return await migrating


@pytest.mark.slow
async def test_servers_of_two_versions_serve_together_across_a_shared_migration(
    start: Start, servers: list[Server], postgres_url: str, newer: Newer, tmp_path: Path
) -> None:
    old = await start(postgres_url, "--node", "old", *POLLING)
    new = newer.server(postgres_url, tmp_path / "new.log", "--node", "new", *POLLING)
    async with Clients(old) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        async with talking(ada):
            migrated = await migrated_beside_a_reader(newer, postgres_url, ada)
            assert migrated.status == 0, migrated.err
            assert f"The log is at revision {SHARED}.\n" in migrated.out
            servers.append(new)
            await new.start()
            clients.server = new
            bob = await clients.connect("bob")
            await bob.join("general", after=0)
            async with talking(bob):
                await ada.wait(
                    lambda frame: frame.type == "chat" and frame.data["username"] == "bob"
                )
        last = ada.last["general"]
        assert await old.stop() == 0
        assert (await ada.ended()).code == 1001

        await old.start()  # as who goes back
        clients.server = old
        back = await clients.connect("ada")
        await back.resume("general", last)
        said = await back.chat("general", "back on the older version")
        await bob.wait_seq("general", said.seq)
        await clients.settle("general")
        assert_holds(clients.record, settled=True)
        verified = await chatlog("verify", database=postgres_url)
        assert (verified.status, "Could not" in verified.out) == (0, False), verified

        await new.stop()
        newer.add(UNSHARED, RENAMING, shared=False)
        for command in (("migrate",), ("serve", "--port", "0")):
            refused = await newer.run(*command, database=postgres_url)
            assert refused.status == 2
            pattern = (
                rf"The server old\.\w+ \(version {VERSION}\) is running.* revision {UNSHARED}\."
            )
            assert re.search(pattern, refused.err), refused.err
        assert await revision(postgres_url) == SHARED
        assert (await back.chat("general", "undisturbed")).type == "ack"
        await old.stop()


async def test_a_server_that_slept_through_a_migration_it_cannot_share_ends(
    start: Start, postgres_url: str, newer: Newer
) -> None:
    newer.add(UNSHARED, RENAMING, shared=False)
    old = await start(postgres_url, "--node", "old", "--lease-seconds", str(LEASE))
    async with Clients(old) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        old.running.send_signal(signal.SIGSTOP)

        async def migrated() -> bool:
            return (await newer.run("migrate", database=postgres_url)).status == 0

        await until(migrated, 90, "a migration once the lease has run out")
        old.running.send_signal(signal.SIGCONT)
        assert (await ada.ended()).code == 1001
        async with asyncio.timeout(20):
            assert await old.running.wait() == 2
    assert NOT_SERVED in old.printed()
    refused = await chatlog("serve", "--port", "0", database=postgres_url)
    assert (refused.status, NOT_SERVED in refused.err) == (2, True), refused
    async with administrator(postgres_url) as admin:
        assert await admin.value("SELECT count(*) FROM chatlog.nodes WHERE title = 'old'") == 1


async def test_an_older_version_serves_a_newer_file_that_only_has_additions(
    start: Start, sqlite_url: str, newer: Newer
) -> None:
    server = await start(sqlite_url)
    async with Clients(server) as clients:
        last = await (await clients.connect("ada")).join("general")
        await server.stop()
        assert (await newer.run("migrate", database=sqlite_url)).status == 0
        await server.start()
        ada = await clients.connect("ada")
        await ada.join("general", after=last.seq)
        assert (await ada.chat("general", "back on the older version")).type == "ack"
    await server.stop()
    verified = await chatlog("verify", database=sqlite_url)
    assert verified.status == 0, verified
    for command in (("copy", "--from", sqlite_url, "--to", f"{sqlite_url}2"), ("rebuild",)):
        refused = await chatlog(*command, database=sqlite_url)
        assert (refused.status, "would be lost" in refused.err) == (2, True), refused
