"""Erased words that a foreign reader keeps in the WAL: nobody waits, and nobody forgets them."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa

from chatlog.databases.database import Database
from chatlog.databases.sqlite import backend as sqlite
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.nodes import migrated
from tests.support.record import Record
from tests.support.server import Server, until

from .conftest import NodeOf, Start
from .disk import FOR_EVER, FailingDisk, compiler

ROOM = "general"
SECRET = "the launch code is 4711"
REDACT = ("redact", ROOM, "2", "--reason", "a leak", "--by", "eve")


def path_of(url: str) -> str:
    return str(sa.make_url(url).database)


def is_on_disk(url: str) -> bool:
    files = [Path(path_of(url)), Path(f"{path_of(url)}-wal")]
    return SECRET.encode() in b"".join(file.read_bytes() for file in files if file.exists())


@contextmanager
def foreign_snapshot(url: str) -> Iterator[None]:
    """Be a program that reads the log and does not end its transaction."""
    uri = f"file:{path_of(url)}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as auditor:
        auditor.execute("BEGIN")
        auditor.execute("SELECT count(*) FROM events").fetchone()
        yield


async def say_the_secret(server: Server) -> None:
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        await ada.chat(ROOM, SECRET)


async def until_clean(url: str) -> None:
    async def is_clean() -> bool:
        return not is_on_disk(url)

    await until(is_clean, 60, "a file without the words")


async def test_a_command_without_a_server_says_so_and_the_next_command_that_writes_cleans(
    start: Start, sqlite_url: str
) -> None:
    server = await start(sqlite_url)
    await say_the_secret(server)
    await server.stop()
    with foreign_snapshot(sqlite_url):
        done = await chatlog(*REDACT, database=sqlite_url)
        assert done.status == 0, done
        assert f"{path_of(sqlite_url)}-wal" in done.out
        assert "the next server or writing command" in done.out
        assert "minute" not in done.out
        assert is_on_disk(sqlite_url)
    assert is_on_disk(sqlite_url), "nobody cleans it by itself"
    again = await chatlog("retention", ROOM, "--off", database=sqlite_url)
    assert again.status == 0, again
    assert not is_on_disk(sqlite_url)


@pytest.mark.parametrize("reader", ["gone at the start", "still there at the start"])
async def test_a_server_cleans_what_an_earlier_one_was_killed_over(
    start: Start, sqlite_url: str, reader: str
) -> None:
    server = await start(sqlite_url)
    await say_the_secret(server)
    with foreign_snapshot(sqlite_url):
        done = await chatlog(*REDACT, database=sqlite_url)
        assert "within a minute" in done.out, done
        await server.kill()
        if reader == "still there at the start":
            await server.start()
        assert is_on_disk(sqlite_url)
    if server.running.returncode is not None:
        await server.start()
    await until_clean(sqlite_url)


async def test_a_checkpoint_does_not_wait_and_leaves_the_connection_as_it_was(
    sqlite_url: str,
) -> None:
    await migrated(sqlite_url)
    database, said = Database(sqlite_url), list[str]()
    timeout = sa.text("PRAGMA busy_timeout")
    async with database.write() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.set_trace_callback(said.append)
    async with database.write() as connection, connection.begin():
        await connection.execute(sa.text("CREATE TABLE more (x)"))
    with foreign_snapshot(sqlite_url):
        async with database.write() as connection, connection.begin():
            await connection.execute(sa.text("CREATE TABLE still_more (x)"))
        assert not await database.scrub()
    assert said[-3:] == [
        "PRAGMA busy_timeout=0",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA busy_timeout=5000",
    ]
    async with database.write() as connection:
        assert (await connection.execute(timeout)).scalar_one() == 5_000
    assert await database.scrub()
    await database.dispose()


async def test_chats_are_acknowledged_while_an_erasure_waits_for_a_foreign_reader(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlog.operations.erasing.PATIENCE_SECONDS", 600.0)
    monkeypatch.setitem(sqlite.PRAGMAS, "busy_timeout", 60_000)  # a chat that waits fails
    node = await node_of(sqlite_url)
    ada = InsideClient(node, Record(), "ada")
    await ada.join(ROOM)
    await ada.chat(ROOM, SECRET)

    async def is_started() -> bool:
        return not node.operations.eraser._due.is_set()

    await until(is_started, 20, "the scrub of the start")  # an erasure beside it waits for nothing
    with foreign_snapshot(sqlite_url):
        redact = node.operations.eraser.redact(ROOM, [2], by="eve", reason="a leak")
        erasing = asyncio.create_task(redact)
        await ada.wait(lambda frame: frame.type == "erasure")
        for number in range(20):
            answer = await ada.chat(ROOM, "and on", id=f"c-{number}")
            assert answer.type == "ack"
        assert not erasing.done()
    assert (await erasing).is_scrubbed
    assert not is_on_disk(sqlite_url)


async def test_an_erasure_waits_for_a_reader_in_passing_although_another_attempt_just_failed(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlog.operations.erasing.PATIENCE_SECONDS", 600.0)
    node = await node_of(sqlite_url)
    ada = InsideClient(node, Record(), "ada")
    await ada.join(ROOM)
    eraser = node.operations.eraser
    with foreign_snapshot(sqlite_url):
        await ada.chat(ROOM, SECRET)
        assert not await eraser._scrub()
        erasing = asyncio.create_task(eraser.redact(ROOM, [2], by="eve", reason="a leak"))
        ended, _ = await asyncio.wait({erasing}, timeout=2)
        assert not ended
    assert (await erasing).is_scrubbed
    assert not is_on_disk(sqlite_url)


async def test_while_one_erasure_is_pending_the_next_waits_for_nothing(
    node_of: NodeOf, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlog.operations.erasing.PATIENCE_SECONDS", 0.01)
    node = await node_of(sqlite_url)
    ada = InsideClient(node, Record(), "ada")
    await ada.join(ROOM)
    for text in (SECRET, "another"):
        await ada.chat(ROOM, text)
    eraser = node.operations.eraser
    with foreign_snapshot(sqlite_url):
        first = await eraser.redact(ROOM, [2], by="eve", reason="a leak")
        monkeypatch.setattr("chatlog.operations.erasing.PATIENCE_SECONDS", 1e9)
        second = await eraser.redact(ROOM, [3], by="eve", reason="a leak")
    assert (first.is_scrubbed, second.is_scrubbed) == (False, False)
    await until_clean(sqlite_url)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = FailingDisk(folder, tmp_path)
    for name, value in disk.environment.items():
        monkeypatch.setenv(name, value)
    return disk


@pytest.mark.skipif(compiler() is None, reason="needs a C compiler")
async def test_a_disk_that_is_full_while_an_erasure_is_pending_does_not_end_the_server(
    start: Start, disk: FailingDisk, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'disk' / 'chatlog.db'}"
    server = await start(url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        await ada.chat(ROOM, SECRET)
        with foreign_snapshot(url):
            assert (await chatlog(*REDACT, database=url)).status == 0
            disk.fail("pwrite", errno.ENOSPC, times=FOR_EVER)

        async def has_failed_twice() -> bool:
            assert server.running.returncode is None, server.printed()
            return await metric(server, 'task_failures_total{task="eraser"}') >= 2

        await until(has_failed_twice, 30, "failures of the eraser")
        disk.heal()
        await until_clean(url)
        assert (await ada.chat(ROOM, "and on", id="c-1")).type in {"ack", "chat"}


async def metric(server: Server, name: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"chatlog_{name}")))
