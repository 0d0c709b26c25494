"""The lock belongs to the database file, whatever path leads to it, and so do the commits."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.sqlite.lockfile import LockFile, is_held
from chatlog.domain.errors import LogError
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.nodes import migrated
from tests.support.record import Record

from .conftest import NodeOf, Start

TAKE = """
import os, sys
from pathlib import Path
from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.sqlite.lockfile import LockFile
try:
    LockFile(Path(sys.argv[1])).take()
except DatabaseBusy as busy:
    print(busy.holder.get("pid"))
else:
    print("taken")
"""
BEGIN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


async def in_another_process(program: str, path: Path | str, folder: Path | None = None) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    out, _ = await process.communicate()
    return out.decode().strip()


def by_link(file: Path, aside: Path) -> Path:
    (aside / "link.db").symlink_to(file)
    return aside / "link.db"


def by_hard_link(file: Path, aside: Path) -> Path:
    os.link(file, aside / "hard.db")
    return aside / "hard.db"


def by_linked_folder(file: Path, aside: Path) -> Path:
    (aside / "folder").symlink_to(file.parent)
    return aside / "folder" / file.name


def by_relative_path(file: Path, _aside: Path) -> Path:
    return Path(os.path.relpath(file))


WAYS = [by_link, by_hard_link, by_linked_folder, by_relative_path]
Way = Callable[[Path, Path], Path]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "chatlog.db"


@pytest.mark.parametrize("way", WAYS)
async def test_whatever_path_leads_to_it_a_file_has_one_holder(
    file: Path, tmp_path: Path, way: Way
) -> None:
    holder = LockFile(file).take()
    try:
        other = way(file, tmp_path)
        with pytest.raises(DatabaseBusy) as refused:
            LockFile(other).take()
        assert refused.value.holder["pid"] == os.getpid()
        assert await in_another_process(TAKE, other.absolute()) == str(os.getpid())
    finally:
        holder.release()


async def test_a_second_server_or_reader_in_one_process_does_not_drop_the_first_ones_locks(
    file: Path, tmp_path: Path
) -> None:
    holder, link = LockFile(file).take(), by_link(file, tmp_path)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            LockFile(link).take()
        assert await asyncio.to_thread(is_held, link)
        assert await in_another_process(BEGIN, file) == "database is locked"
    holder.release()


def test_a_file_with_two_names_that_nobody_serves_is_refused_in_a_sentence(
    file: Path, tmp_path: Path
) -> None:
    LockFile(file).take().release()
    other = by_hard_link(file, tmp_path)
    for name in (file, other):
        with pytest.raises(LogError, match="hard link"):
            LockFile(name).take()
    other.unlink()
    LockFile(file).take().release()


def test_a_file_that_is_replaced_before_it_is_locked_is_not_the_one_held(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LockFile(file).take().release()
    flock = fcntl.flock
    replaced: list[int] = []

    def replace_first(fd: int, how: int) -> None:
        if not replaced:
            replaced.append(file.stat().st_ino)
            file.rename(file.with_suffix(".old"))
            file.touch()
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", replace_first)
    holder = LockFile(file).take()
    monkeypatch.undo()
    with pytest.raises(DatabaseBusy):
        LockFile(file).take()
    holder.release()
    LockFile(file.with_suffix(".old")).take().release()


def test_a_new_file_is_the_operators_alone(file: Path) -> None:
    LockFile(file).take().release()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_named_and_nobody_is_blamed(
    file: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_fd: int, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(LogError, match="file system") as refused:
        LockFile(file).take()
    assert not isinstance(refused.value, DatabaseBusy)


def test_what_is_no_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in (".", "pipe", "loop"):
        with pytest.raises(LogError, match=r"\.$"):
            LockFile(tmp_path / name).take()


@pytest.mark.parametrize("way", [by_link, by_linked_folder])
async def test_a_command_finds_the_server_by_any_path(
    start: Start, file: Path, tmp_path: Path, way: Way
) -> None:
    await start(f"sqlite:///{file}")
    story = tmp_path / "2006-12-10.txt"
    story.write_text("[10:00] <ada> hello\n")
    options = ("--room", "old", "--format", "irc")
    url = f"sqlite:///{way(file, tmp_path)}"
    done = await chatlog("import", str(story), *options, database=url)
    assert (done.status, done.err) == (0, "")


async def test_commands_through_a_hard_link_name_the_server_and_do_nothing(
    start: Start, file: Path, tmp_path: Path
) -> None:
    server = await start(f"sqlite:///{file}")
    url = f"sqlite:///{by_hard_link(file, tmp_path)}"
    for command in (("retention", "general", "--days", "9"), ("rooms",), ("verify",)):
        done = await chatlog(*command, database=url)
        assert (done.status, done.out) == (2, "")
        assert str(server.running.pid) in done.err


def put_away(file: Path) -> None:
    file.rename(file.with_suffix(".away"))


def replace(file: Path) -> None:
    put_away(file)
    file.write_bytes(file.with_suffix(".away").read_bytes())


def put_wal_away(file: Path) -> None:
    wal = Path(f"{file}-wal")
    wal.rename(f"{wal}.away")


def insert_export(file: Path) -> None:
    for away, place in ((file.with_suffix(".away"), file), (f"{file}-wal.away", f"{file}-wal")):
        if Path(away).exists():
            Path(away).rename(place)


@pytest.mark.parametrize("harm", [put_away, replace, put_wal_away])
async def test_nothing_is_acknowledged_while_the_file_is_not_in_its_place(
    node_of: NodeOf, file: Path, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], object]
) -> None:
    node, record = await node_of(f"sqlite:///{file}"), Record()
    ada = InsideClient(node, record, "ada")
    await ada.join("general")
    await ada.chat("general", "before", id="c-0")
    caplog.set_level(logging.WARNING)
    harm(file)
    answers = [await ada.chat("general", "away", id=f"c-{n}") for n in range(1, 4)]
    assert {answer.data.get("code") for answer in answers} == {"unavailable"}
    assert not await node.is_ready()
    said = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(said) == 1
    assert str(file) in said[0].getMessage()
    insert_export(file)
    assert (await ada.chat("general", "back", id="c-1")).type == "ack"
    assert await node.is_ready()


async def test_a_link_that_leads_elsewhere_now_stops_the_server_from_writing(
    node_of: NodeOf, file: Path, tmp_path: Path
) -> None:
    await migrated(f"sqlite:///{file}")
    link = by_link(file, tmp_path)
    node = await node_of(f"sqlite:///{link}")
    ada = InsideClient(node, Record(), "ada")
    await ada.join("general")
    link.unlink()
    assert (await ada.chat("general", "away", id="c-1")).data["code"] == "unavailable"
    link.symlink_to(file)
    assert (await ada.chat("general", "back", id="c-1")).type == "ack"
