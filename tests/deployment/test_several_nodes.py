"""The commands of docs/several-nodes.md: set-up, two nodes, a backup that is restored."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.failures.admin import Admin, administrator
from tests.flows.conftest import Serve
from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.frames import Frame
from tests.support.server import Server, until

from .blocks import block, moved
from .cluster import Cluster, running_cluster, set_up

PAGE = "several-nodes.md"
ROOM = "general"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL of its own: roles are those of a whole cluster."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        set_up(running, block("sh", "roles.sql", PAGE))
        yield running


async def serve_both(serve: Serve, url: str) -> list[Server]:
    """Start the nodes with the flags that the page gives them."""
    lines = re.findall(r"^chatlog serve (.+)$", block("sh", "--node two", PAGE), re.MULTILINE)
    servers = []
    for line in lines:
        words = shlex.split(line)
        at = words.index("--port")
        servers.append(await serve(url, *words[:at], *words[at + 2 :]))
    return servers


def documents(text: str) -> Iterator[Any]:
    """Yield the JSON documents of a text."""
    at = 0
    while (rest := text[at:].lstrip()) != "":
        found, length = json.JSONDecoder().raw_decode(rest)
        yield found
        at = len(text) - len(rest) + length


@pytest.mark.slow
async def test_the_set_up_makes_two_nodes_of_one_chat_that_cannot_touch_the_triggers(
    serve: Serve, cluster: Cluster
) -> None:
    url = cluster.url("chatlog", "chat")
    one, two = await serve_both(serve, url)
    places = {"http://127.0.0.1:8081": one.url, "http://127.0.0.1:8082": two.url}
    said = cluster.shell(moved(block("sh", "curl -d", PAGE), places))
    posted, read = documents(said)
    assert posted["message"] == "hello"
    assert [event["message"] for event in read["events"]] == ["hello"]
    shown = cluster.shell(block("sh", "audit_nodes", PAGE), CHATLOG_DATABASE=url)
    assert re.findall(r"^ (one|two)\.", shown, re.MULTILINE) == ["one", "two"], shown
    assert (await chatlog("redact", ROOM, "1", "--reason", "r", database=url)).status == 0
    assert (await chatlog("verify", database=url)).status == 0
    for server in (one, two):
        assert await server.stop() == 0
    await assert_refused(
        url,
        "ALTER TABLE chatlog.events DISABLE TRIGGER ALL",
        "DROP TABLE chatlog.events",
        "TRUNCATE chatlog.looks",
        "CREATE TABLE chatlog.mine (x int)",
        "CREATE SCHEMA mine",
    )


async def assert_refused(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def say(client: Client, room: str, *words: str) -> Frame:
    """Chat; return the last event."""
    acks = [await client.chat(room, word) for word in words]
    await client.wait_seq(room, acks[-1].seq)
    return client.last[room]


async def answer_to(clients: Clients, name: str, last: Frame) -> Any:
    """Resume after an event; return the error's code, or the type of another answer."""
    client = await clients.connect(name)
    fields = {"after": last.seq, "hash": last.data["hash"]}
    frame = await client.ask("join", room=last.room, username=name, **fields)
    return frame.data.get("code", frame.type)


async def texts(clients: Clients, room: str) -> list[Any]:
    return [one.data["message"] for one in await clients.read_log(room) if one.type == "chat"]


async def archived(admin: Admin) -> None:
    """Wait until PostgreSQL has archived all WAL up to now."""
    file = await admin.value("SELECT pg_walfile_name(pg_switch_wal())")

    async def is_archived() -> bool:
        last = await admin.value("SELECT last_archived_wal FROM pg_stat_archiver")
        return last is not None and last >= file

    await until(is_archived, 30, f"{file} in the archive")


@pytest.mark.slow
async def test_after_a_restored_dump_clients_learn_that_the_log_is_another_one(
    serve: Serve, cluster: Cluster, tmp_path: Path
) -> None:
    chat, restored = (cluster.url("postgres", name) for name in ("chat", "restored"))
    environment = {
        "CHAT": chat,
        "RESTORED": restored,
        "SERVER": cluster.url("postgres", "postgres"),
    }
    server = await serve(cluster.url("chatlog", "chat"), "--node", "one")
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        kept = await say(ada, ROOM, "before")
        cluster.shell(block("sh", "pg_dump", PAGE), tmp_path, **environment)
        lost = await say(ada, ROOM, "after", "longer after")
    assert await server.stop() == 0
    cluster.shell(block("sh", "pg_restore", PAGE), tmp_path, **environment)
    again = await serve(cluster.url("chatlog", "restored"))
    async with Clients(again) as clients:
        assert await answer_to(clients, "cid", lost) == "after_unknown"
        bob = await clients.connect("bob")
        await bob.join(ROOM)
        await say(bob, ROOM, *(f"other {n}" for n in range(lost.seq)))
        assert await answer_to(clients, "cid", lost) == "diverged"
        assert await answer_to(clients, "ada", kept) == "caught_up"
        said = await texts(clients, ROOM)
        assert "before" in said
        assert not {"after", "longer after"} & set(said)
    assert (await chatlog("verify", database=restored)).status == 0


@pytest.mark.slow
async def test_after_a_recovery_to_a_moment_the_log_ends_there(
    serve: Serve, cluster: Cluster
) -> None:
    folder = cluster.server.pgdata.parent
    archive = folder / "wal"
    archive.mkdir()
    archive.chmod(0o777)
    here = {"/var/backups/wal": str(archive)}
    cluster.restart_with(moved(block("ini", "archive_mode", PAGE), here))
    superuser = {"SERVER": cluster.url("postgres", "postgres")}
    server = await serve(cluster.url("chatlog", "chat"))
    async with Clients(server) as clients, administrator(superuser["SERVER"]) as admin:
        ada = await clients.connect("ada")
        await ada.join("moments")
        await ada.chat("moments", "in the backup")
        cluster.shell(block("sh", "pg_basebackup", PAGE), folder, **superuser)
        kept = await say(ada, "moments", "in the archive")
        moment = str(await admin.value("SELECT clock_timestamp()"))
        lost = await say(ada, "moments", "after the moment")
        await archived(admin)
    assert await server.stop() == 0
    places = here | {"2026-11-26 14:00:00+00": moment}
    settings = moved(block("ini", "recovery_target_time", PAGE), places)
    with cluster.restored(folder / "base", settings) as url:
        again = await serve(url)
        async with Clients(again) as clients:
            assert await answer_to(clients, "cid", lost) == "after_unknown"
            assert await answer_to(clients, "ada", kept) == "caught_up"
            assert await texts(clients, "moments") == ["in the backup", "in the archive"]
        assert await again.stop() == 0
        assert (await chatlog("verify", database=url)).status == 0
