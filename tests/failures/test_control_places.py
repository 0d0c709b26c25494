"""The control socket's folder: there while a server listens in it, and never after."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

from chatlog.databases.hold import DatabaseBusy
from chatlog.databases.sqlite.lockfile import LockFile
from chatlog.domain.errors import LogError
from chatlog.nodes import leases
from chatlog.operations import control_socket as control
from chatlog.runtime import Runtime, running
from chatlog.settings import Settings
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.record import Record

from .conftest import NodeOf, Start


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    monkeypatch.setenv("TMPDIR", str(made))
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a file whose path is too long for a socket beside it."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    return f"sqlite:///{folder / 'chatlog.db'}"


async def start(url: str) -> None:
    async with running(Settings(database=url)):
        pass


async def test_a_start_that_is_refused_leaves_no_folder(url: str, temporary: Path) -> None:
    holder = LockFile(Path(url.removeprefix("sqlite:///"))).take()
    with pytest.raises(DatabaseBusy):
        await start(url)
    holder.release()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(("module", "name"), [(leases, "begin"), (control, "_bind")])
async def test_a_start_that_fails_later_leaves_no_folder(
    url: str, temporary: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LogError("not today")

    monkeypatch.setattr(module, name, fail)
    with pytest.raises(LogError):
        await start(url)
    assert list(temporary.iterdir()) == []


async def test_a_server_that_stops_leaves_no_folder(url: str, temporary: Path) -> None:
    async with running(Settings(database=url)):
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


async def test_the_folder_of_a_server_that_was_killed_goes_at_the_next_start(
    url: str, temporary: Path, start: Start
) -> None:
    server = await start(url)
    (before,) = temporary.iterdir()
    await server.kill()
    await server.start()
    (after,) = temporary.iterdir()
    assert after != before
    await server.stop()
    assert list(temporary.iterdir()) == []


def test_what_a_lock_file_names_is_removed_only_if_it_is_a_socket(tmp_path: Path) -> None:
    precious = tmp_path / "chatlog-precious" / "sock"
    precious.parent.mkdir()
    precious.write_text("not a socket")
    database = tmp_path / "chatlog.db"
    Path(f"{database}.lock").write_text(f'{{"socket": "{precious}"}}')
    lock = LockFile(database).take()
    with control.place() as place:
        place.choose(lock)
    lock.release()
    assert precious.read_text() == "not a socket"


def no_folder(*_: object, **__: object) -> str:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.EROFS])
async def test_where_no_socket_can_be_bound_the_server_serves_and_says_so_once(
    node_of: NodeOf,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    class Unbindable(socket.socket):
        def bind(self, _address: object) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", Unbindable)
    await assert_serves_without(await node_of(sqlite_url), sqlite_url, caplog)


async def test_where_unix_sockets_are_forbidden_the_server_serves_and_says_so_once(
    node_of: NodeOf,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Forbidden(socket.socket):
        def __init__(self, family: int = -1, *others: Any, **named: Any) -> None:
            if family == socket.AF_UNIX and not others and not named:
                raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
            super().__init__(family, *others, **named)

    monkeypatch.setattr(socket, "socket", Forbidden)
    await assert_serves_without(await node_of(sqlite_url), sqlite_url, caplog)


async def test_where_something_else_lies_in_its_place_the_server_serves_and_says_so_once(
    node_of: NodeOf, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = Path(f"{sqlite_url.removeprefix('sqlite:///')}.sock")
    place.mkdir()
    await assert_serves_without(await node_of(sqlite_url), sqlite_url, caplog)
    assert place.is_dir()


async def test_where_no_folder_can_be_made_for_a_long_path_the_server_serves_and_says_so_once(
    node_of: NodeOf, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", no_folder)
    await assert_serves_without(await node_of(url), url, caplog)


async def assert_serves_without(node: Runtime, url: str, caplog: pytest.LogCaptureFixture) -> None:
    ada = InsideClient(node, Record(), "ada")
    await ada.join("general")
    assert (await ada.chat("general", "hello", id="c-1")).type == "ack"
    [said] = [found for found in caplog.records if found.levelname == "WARNING"]
    assert "control socket" in said.getMessage()
    done = await chatlog("redact", "general", "2", "--reason", "r", database=url)
    assert (done.status, done.out) == (2, "")
    assert f"process {os.getpid()}" in done.err
    assert (await chatlog("rooms", database=url)).status == 0
