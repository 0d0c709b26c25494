"""Backups: whole or not there, of one name only one, and never mixed with another file's WAL."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatlog.databases.sqlite import backup
from chatlog.databases.sqlite.backup import back_up, partial_for
from chatlog.domain.errors import LogError
from tests.support.clients import Clients
from tests.support.command import Ended, chatlog
from tests.support.nodes import migrated
from tests.support.server import until

from .conftest import Start

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    """Return a log that takes a while to be copied."""
    file = tmp_path / "source.db"
    await migrated(f"sqlite:///{file}")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute(
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) "
            "INSERT INTO t SELECT randomblob(1000) FROM n"
        )
    return file


async def killed_after(start: Start, url: str, folder: Path) -> Path:
    """Have a server make a backup, take one more chat and be killed: its WAL stays."""
    server = await start(url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        await ada.chat("general", "before")
        copy = folder / "copy.db"
        assert (await chatlog("backup", str(copy), database=url)).status == 0
        await ada.chat("general", "after")
        await server.kill()
    return copy


async def test_of_two_backups_to_one_name_one_is_made_and_the_other_ends_with_2(
    start: Start, sqlite_url: str, folder: Path
) -> None:
    await start(sqlite_url)
    target = folder / "copy.db"
    for _ in range(2):
        both = await asyncio.gather(
            *(chatlog("backup", str(target), database=sqlite_url) for _ in range(2))
        )
        assert sorted(done.status for done in both) == [0, 2], both
        (refused,) = [done for done in both if done.status]
        assert refused.err.startswith(f"chatlog: {target} exists: back up to a new file")
        assert [found.name for found in folder.iterdir()] == ["copy.db"]
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        verified = await chatlog("verify", database=f"sqlite:///{target}")
        assert verified.status == 0
        target.unlink()


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_takes_a_backup_under_a_free_name_only(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", fail)
    target = folder / "copy.db"
    back_up(source, target, partial_for(target))
    assert [found.name for found in folder.iterdir()] == ["copy.db"]
    monkeypatch.setattr(backup, "_check_target", lambda *_: None)  # another was faster
    before = target.stat().st_ino
    with pytest.raises(LogError, match="exists: back up to a new file"):
        back_up(source, target, partial_for(target))
    assert target.stat().st_ino == before
    assert [found.name for found in folder.iterdir()] == ["copy.db"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_backup_that_is_stopped_leaves_nothing(
    source: Path, folder: Path, number: signal.Signals
) -> None:
    process = await partly_written(source, folder)
    process.send_signal(number)
    await process.wait()
    assert process.returncode == 130
    assert list(folder.iterdir()) == []


async def test_what_a_killed_backup_leaves_goes_with_the_next_and_no_other_file_does(
    source: Path, folder: Path
) -> None:
    going_on = await partly_written(source, folder)
    going_on.send_signal(signal.SIGSTOP)
    theirs = {found.name for found in folder.iterdir()}
    killed = await partly_written(source, folder)
    killed.kill()
    await killed.wait()
    (folder / "chatlog-mine.partial").touch()
    copy = folder / "copy.db"
    await asyncio.to_thread(back_up, source, copy, partial_for(copy))
    left = {found.name for found in folder.iterdir()}
    assert left == {"copy.db", "chatlog-mine.partial"} | theirs
    going_on.kill()
    await going_on.wait()


async def partly_written(source: Path, folder: Path) -> asyncio.subprocess.Process:
    """Start a backup and come back while it is being written."""
    before = set(folder.iterdir())
    command = (sys.executable, "-m", "chatlog", "backup", str(folder / "copy.db"))
    process = await asyncio.create_subprocess_exec(*command, "--database", f"sqlite:///{source}")

    async def is_begun() -> bool:
        return any(found.stat().st_size for found in set(folder.iterdir()) - before)

    await until(is_begun, 20, "a partial backup")
    return process


def test_a_name_that_is_taken_or_cannot_be_is_refused_in_a_sentence(
    source: Path, folder: Path
) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "nowhere").symlink_to("nothing")
    (folder / "old.db-wal").write_bytes(b"x")
    taken = {found.name for found in folder.iterdir()}
    targets = [source, Path(f"{source}-journal"), Path(f"{source}.lock"), folder / "no" / "copy.db"]
    targets += [
        folder,
        folder / "pipe",
        folder / "nowhere",
        folder / "old.db",
        folder / ("x" * 300),
    ]
    for target in targets:
        with pytest.raises(LogError, match=r"\.$") as refused:
            back_up(source, target, partial_for(target))
        assert str(target if target.parent.exists() else target.parent) in str(refused.value)
    assert {found.name for found in folder.iterdir()} == taken


COMMANDS = [
    ("rooms",),
    ("verify",),
    ("redact", "general", "2", "--reason", "r"),
    ("serve", "--port", "0", "--max-connections", "100"),
]


async def assert_all_name_the_wal(file: Path) -> None:
    before = file.read_bytes()
    for command in COMMANDS:
        done: Ended = await chatlog(*command, database=f"sqlite:///{file}")
        assert (done.status, done.out) == (2, ""), done
        assert f"{file}-wal" in done.err
    assert file.read_bytes() == before


@pytest.mark.parametrize("how", ["copied", "moved"])
async def test_a_backup_beside_the_old_wal_is_not_used_until_that_is_gone(
    start: Start, sqlite_url: str, folder: Path, how: str
) -> None:
    copy = await killed_after(start, sqlite_url, folder)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    shutil.copy(copy, file) if how == "copied" else copy.rename(file)
    await assert_all_name_the_wal(file)
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink()
    history = await chatlog("history", "general", database=sqlite_url)
    assert "before" in history.out
    assert "after" not in history.out
    assert (await chatlog("verify", database=sqlite_url)).status == 0


async def test_a_backup_that_was_served_before_is_told_from_the_file_of_the_wal_too(
    start: Start, sqlite_url: str, folder: Path
) -> None:
    copy = await killed_after(start, sqlite_url, folder)
    served = await start(f"sqlite:///{copy}")
    await served.stop()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    shutil.copy(copy, file)
    await assert_all_name_the_wal(file)


async def test_an_older_copy_of_the_same_file_is_told_by_the_events_in_between(
    start: Start, sqlite_url: str, folder: Path
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    await (await start(sqlite_url)).stop()
    shutil.copy(file, folder / "older.db")
    server = await start(sqlite_url)
    async with Clients(server) as clients:
        bob = await clients.connect("bob")
        await bob.join("general")
        for number in range(60):
            await bob.chat("general", f"{number}" * 200)
    await server.stop()
    await killed_after(start, sqlite_url, folder)
    shutil.copy(folder / "older.db", file)
    await assert_all_name_the_wal(file)


async def test_a_killed_server_s_own_wal_is_taken_for_what_it_is(
    start: Start, sqlite_url: str, folder: Path
) -> None:
    await killed_after(start, sqlite_url, folder)
    for command in (("verify",), ("redact", "general", "2", "--reason", "r"), ("verify",)):
        done = await chatlog(*command, database=sqlite_url)
        assert done.status == 0, done
