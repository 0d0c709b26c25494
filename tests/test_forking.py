"""A process that tests fork is like one that they start, whatever they have changed before."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Ended, chatlog
from tests.support.forking import Forked, can_fork
from tests.support.server import Server

STARTED = "PYTHONNODEBUGRANGES"
"""Python reads it when it starts, and no test of ours needs it."""


@pytest.fixture(params=["forked", "started"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    assert can_fork()
    if request.param == "started":
        monkeypatch.setenv(STARTED, "1")
        assert not can_fork()
    return str(request.param)


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Change all that a new process inherits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    mask = os.umask(0o027)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATLOG_MAX_CONNECTIONS", "17")
    yield
    os.umask(mask)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("way")
async def test_a_command_prints_and_ends_as_one_that_is_started(sqlite_url: str) -> None:
    assert await chatlog("rooms", "--json", database=sqlite_url) == Ended(0, "", "")
    missing = "There is no database at /nowhere/x.db"
    ended = await chatlog("rooms", database="sqlite:////nowhere/x.db")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1), ended
    assert missing in ended.err


@pytest.mark.usefixtures("changed")
async def test_a_server_inherits_what_one_that_is_started_does(
    way: str, sqlite_url: str, tmp_path: Path
) -> None:
    server = Server(sqlite_url, tmp_path / "server.log")
    await server.start()
    try:
        assert isinstance(server.process, Forked) == (way == "forked")
        process = Path(f"/proc/{server.running.pid}")
        assert (process / "cwd").readlink() == tmp_path
        status = (process / "status").read_text()
        assert "Umask:\t0027" in status
        assert (
            str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]) in (process / "limits").read_text()
        )
        ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
        assert not int(ignored.split()[1], 16) & 1 << signal.SIGINT - 1
        files = {file.readlink().name for file in (process / "fd").iterdir() if file.is_symlink()}
        assert len([name for name in files if name.startswith("socket:")]) < 12
    finally:
        await server.kill()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_a_server_ends_by_a_signal_as_one_that_is_started(
    number: signal.Signals, sqlite_url: str, tmp_path: Path
) -> None:
    server = Server(sqlite_url, tmp_path / "server.log")
    await server.start()
    server.running.send_signal(number)
    assert await server.running.wait() == (-9 if number == signal.SIGKILL else 0)
    assert server.running.returncode == await server.running.wait()
    with pytest.raises(ProcessLookupError):  # its pid may be somebody else's by now
        server.running.kill()
    await server.start()
    await server.kill()
