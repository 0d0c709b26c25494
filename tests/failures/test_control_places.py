"""The control socket's folder: there while a server listens in it, and never after."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from chatlog.domain.errors import LogError
from chatlog.eventlog.lockfile import DatabaseBusy, LockFile
from chatlog.nodes import leases
from chatlog.runtime import running
from chatlog.service import control
from chatlog.settings import Settings

from .conftest import Start


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    monkeypatch.setenv("TMPDIR", str(made))
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a file whose path is too long for a socket beside it."""
    return f"sqlite:///{tmp_path / ('long' * 30) / 'chatlog.db'}"


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
    with pytest.raises((LogError, ExceptionGroup)):
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
