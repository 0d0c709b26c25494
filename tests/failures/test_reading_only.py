"""Readers who may read the database and not write beside it; modes bind all of them here."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatlog.databases.sqlite.read_only import open_read_only
from chatlog.domain.errors import LogError
from tests.support.command import Ended

from .conftest import Start

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def _obey_modes() -> None:
    """Have even root's next program heed the modes of files and folders."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


async def reader(*arguments: str, database: str) -> Ended:
    """Run a command that may do only what modes allow, whoever runs the tests."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatlog", *arguments),
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "CHATLOG_DATABASE": database},
        preexec_fn=_obey_modes if os.geteuid() == 0 else None,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "log"
    made.mkdir()
    yield made
    made.chmod(0o755)


async def a_log(start: Start, folder: Path, *, killed: bool = False) -> str:
    """Have a server leave a log that may be read, in a folder that nobody may change."""
    file = folder / "chatlog.db"
    server = await start(f"sqlite:///{file}")
    await (server.kill() if killed else server.stop())
    for found in folder.iterdir():
        found.chmod(0o444)
    folder.chmod(0o555)
    return f"sqlite:///{file}"


async def test_a_log_is_read_once_its_server_has_stopped(start: Start, folder: Path) -> None:
    url = await a_log(start, folder)
    assert not (folder / "chatlog.db-shm").exists()
    for command in ("rooms", "verify"):
        done = await reader(command, database=url)
        assert (done.status, done.err) == (0, "")


async def test_a_backup_is_made_of_it_too(start: Start, folder: Path, tmp_path: Path) -> None:
    url = await a_log(start, folder)
    done = await reader("backup", str(tmp_path / "copy.db"), database=url)
    assert (done.status, done.err) == (0, "")


async def test_a_log_whose_server_was_killed_is_read_or_the_reader_is_told_what_to_do(
    start: Start, folder: Path
) -> None:
    url = await a_log(start, folder, killed=True)
    assert (await reader("rooms", database=url)).status == 0  # -shm is still there
    folder.chmod(0o755)
    (folder / "chatlog.db-shm").unlink()
    folder.chmod(0o555)
    done = await reader("rooms", database=url)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), done.err
    assert "-wal" in done.err


class Unopenable(sqlite3.Connection):
    """Fails as SQLite does where it may not make an -shm."""

    def execute(self, *_: object) -> sqlite3.Cursor:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorname = "SQLITE_CANTOPEN"
        raise error


def test_what_is_read_while_somebody_begins_to_write_is_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "chatlog.db"
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("CREATE TABLE t (x)")
        writer.execute("PRAGMA journal_mode=wal")
    connect = sqlite3.connect

    def no_shm(database: str, **options: Any) -> sqlite3.Connection:
        factory = sqlite3.Connection if "immutable" in database else Unopenable
        return connect(database, factory=factory, **options)

    monkeypatch.setattr(sqlite3, "connect", no_shm)
    opened = open_read_only(file)
    monkeypatch.undo()
    with closing(opened.connection):
        opened.before()
        with closing(sqlite3.connect(file)) as writer, writer:
            writer.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(LogError, match="try again"):
            opened.after()
