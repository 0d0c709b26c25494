"""A copied log is the same log: every table of it, wherever it went and came from."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.databases import copying
from chatlog.databases.copying import TABLES
from chatlog.databases.database import Database
from chatlog.databases.revisions import VERSION_TABLE
from tests.cli.command import chatlog, imported, lines, refused
from tests.support.clients import Clients
from tests.support.damage import change, two_small_rooms
from tests.support.people_log import people_on
from tests.support.server import Server

SECONDS = 60
_serial = count(1)

Rows = dict[str, list[str]]


def rows_of(url: str) -> Rows:
    """Return every row of every table, as text, in an order of its own."""
    return asyncio.run(_rows(url))


async def _rows(url: str) -> Rows:
    database = Database(url, readers=1)
    try:
        async with database.read() as connection:
            return {
                table.name: sorted(map(repr, (await connection.execute(sa.select(table))).all()))
                for table in TABLES
            }
    finally:
        await database.dispose()


def copied(source: str, target: str) -> str:
    return chatlog("copy", "--from", source, "--to", target).stdout


def test_every_table_of_the_database_is_among_those_that_are_copied(database_url: str) -> None:

    async def names() -> set[str]:
        database = Database(database_url, readers=1)
        async with database.read() as connection:
            schema = database.backend.schema
            found = await connection.run_sync(
                lambda sync: set(sa.inspect(sync).get_table_names(schema=schema))
            )
        await database.dispose()
        return found

    assert {table.name for table in TABLES} == asyncio.run(names()) - {VERSION_TABLE}
    assert all(table.primary_key.columns for table in TABLES)


async def _fill(url: str) -> None:
    """Put a row into each table that is still empty, made up by the types of its columns."""
    database = Database(url, readers=1)
    try:
        async with database.write() as connection, connection.begin():
            for table in TABLES:
                if not (await connection.execute(sa.select(table).limit(1))).first():
                    row = {column.name: made_up(column) for column in table.columns}
                    await connection.execute(table.insert(), row)
    finally:
        await database.dispose()


def made_up(column: sa.Column[Any]) -> object:
    if column.foreign_keys:
        return 1
    if isinstance(column.type, sa.LargeBinary):
        return b"\x00\xff made up"
    if isinstance(column.type, sa.Boolean):
        return True
    if isinstance(column.type, sa.Integer | sa.Float):
        return next(_serial)
    return f"2026-11-26T12:00:00.{next(_serial):06}Z"


@pytest.fixture
def full(database_url: str) -> str:
    """A log in which people have proved who they are, with a row in every table."""
    asyncio.run(people_on(database_url))
    options = ("--types", "chat", "--allow-http-webhooks", "--allow-private-webhooks")
    chatlog("webhook", "add", "http://localhost/hook", *options, "--database", database_url)
    asyncio.run(_fill(database_url))
    assert all(rows_of(database_url).values())
    return database_url


def test_a_log_goes_to_the_other_database_and_back_unchanged(
    full: str, sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    other = postgres_url if full == sqlite_url else sqlite_url
    key, taken = tmp_path / "key.pem", tmp_path / "checkpoint.json"
    chatlog("checkpoint", "--new-key", key)
    chatlog("checkpoint", "--key", key, "--out", taken, "--database", full)
    before = rows_of(full)
    assert "verified and unchanged" in copied(full, other)
    assert rows_of(other) == before
    back = f"sqlite:///{tmp_path / 'back.db'}"
    copied(other, back)
    assert rows_of(back) == before
    for url in (other, back):
        options = ("--checkpoint", taken, "--public-key", f"{key}.pub", "--database", url)
        assert "the checkpoint of" in chatlog("verify", *options).stdout


def test_pages_are_copied_whole(
    sqlite_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    monkeypatch.setattr(copying, "_PAGE", 3)
    assert (
        copied(sqlite_url, postgres_url) == "Copied 20 events in 2 rooms, verified and unchanged.\n"
    )
    assert rows_of(postgres_url) == rows_of(sqlite_url)


def test_what_does_not_arrive_or_does_not_verify_is_not_kept(
    sqlite_url: str, empty_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(copying, "_digest_of", lambda _row: next(_serial))
        assert "did not arrive" in refused("copy", "--from", sqlite_url, "--to", empty_postgres_url)
    assert "no log" in refused("rooms", "--database", empty_postgres_url)
    change(sqlite_url, "UPDATE events SET text = 'X' WHERE room_id = 2 AND seq = 4")
    said = refused("copy", "--from", sqlite_url, "--to", empty_postgres_url)
    assert "does not verify (#other: event 4)" in said
    assert "no log" in refused("rooms", "--database", empty_postgres_url)


def test_only_an_empty_database_is_a_target(database_url: str, tmp_path: Path) -> None:
    two_small_rooms(database_url, tmp_path)
    source = f"sqlite:///{tmp_path / 'source.db'}"
    imported(source, tmp_path / "2006-12-10.small.txt", "#small")
    before = rows_of(database_url)
    assert "already holds a log" in refused("copy", "--from", source, "--to", database_url)
    assert rows_of(database_url) == before
    assert "same database" in refused("copy", "--from", source, "--to", source)
    missing = f"sqlite:///{tmp_path / 'missing.db'}"
    assert "no database" in refused("copy", "--from", missing, "--to", f"{source}.new")
    assert list(tmp_path.glob("missing*")) == list(tmp_path.glob("*.new*")) == []
    migrated = f"sqlite:///{tmp_path / 'migrated.db'}"
    chatlog("migrate", "--database", migrated)
    assert "20 events" in copied(database_url, migrated)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_copy_leaves_the_target_empty(
    end: signal.Signals, empty_database_url: str, tmp_path: Path
) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    history = tmp_path / "2006-12-10.small.txt"
    history.write_text("".join(f"[09:14] <ada> {n} {'x' * 500}\n" for n in range(4_000)))
    imported(source, history, "#small")
    code = (
        "import sys, chatlog.databases.copying as copying\n"
        "from chatlog.cli import main\n"
        "pages = copying._digest\n"
        "async def stop(connection, table):\n"
        "    if table.name == 'events':\n"
        "        print('copied', flush=True); sys.stdin.read()\n"
        "    return await pages(connection, table)\n"
        "copying._digest = stop\n"
        "main(['copy', '--from', sys.argv[1], '--to', sys.argv[2]])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, source, empty_database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"copied\n"
        process.send_signal(end)
        if end == signal.SIGINT:
            _out, err = process.communicate(timeout=SECONDS)
            assert b"interrupted; the target is empty" in err
        else:
            process.wait(SECONDS)
        assert process.returncode == (130 if end == signal.SIGINT else -end)
    assert "no log" in refused("rooms", "--database", empty_database_url)
    assert "4002 events" in copied(source, empty_database_url)
    assert len(lines("rooms", "--database", empty_database_url)) == 1


async def test_a_client_resumes_across_a_copy_and_what_is_served_is_not_copied(
    database_url: str, sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    other = postgres_url if database_url == sqlite_url else sqlite_url
    server = Server(database_url, tmp_path / "log")
    await server.start()
    async with Clients(server) as clients:
        ann = await clients.connect("ann")
        await ann.join("general")
        await ann.chat("general", "before")
        last = ann.last["general"]
        beside = await asyncio.to_thread(run, "copy", "--from", database_url, "--to", other)
        assert beside.returncode == 2
        assert b"Stop it first" in beside.stderr
        await server.stop()
    assert (
        await asyncio.to_thread(run, "copy", "--from", database_url, "--to", other)
    ).returncode == 0
    moved = Server(other, tmp_path / "log", port=server.port)
    await moved.start()
    try:
        async with Clients(moved) as clients:
            ann = await clients.connect("ann")
            await ann.resume("general", last)
            seqs = [frame.seq for frame in ann.connection.frames if frame.is_event]
            assert seqs == list(range(last.seq + 1, last.seq + 1 + len(seqs)))
    finally:
        await moved.stop()


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "chatlog", *arguments], capture_output=True, check=False
    )


def test_memory_does_not_grow_with_the_log(sqlite_url: str, tmp_path: Path) -> None:
    history = tmp_path / "2006-12-10.small.txt"
    history.write_text("".join(f"[09:14] <ada> {n} {'x' * 4_000}\n" for n in range(12_000)))
    imported(sqlite_url, history, "#small")
    code = (
        "import sys\nfrom pathlib import Path\nfrom chatlog.cli import main\n"
        "main(['copy', '--from', sys.argv[1], '--to', sys.argv[2]], standalone_mode=False)\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)\n"
    )
    target = f"sqlite:///{tmp_path / 'target.db'}"
    done = subprocess.run(
        [sys.executable, "-c", code, sqlite_url, target], capture_output=True, check=True
    )
    assert (
        int(done.stdout.splitlines()[-1]) < 140
    )  # MiB: 105 here, of which the texts of 48 are none
