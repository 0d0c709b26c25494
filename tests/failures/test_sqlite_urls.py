"""A SQLite URL means one file: the one that is opened, locked and named; all are made 0600."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chatlog.databases.sqlite.lockfile import is_held
from chatlog.runtime import running
from chatlog.settings import Settings
from tests.support.command import chatlog
from tests.support.inside import InsideClient
from tests.support.record import Record

from .conftest import Start

REFUSED = {
    "sqlite:///file:x.db": "path",
    "sqlite:///file%3Ax.db": "path",
    "sqlite:///file:x.db?mode=ro": "path",
    "sqlite:///x.db?mode=ro": "no options",
    "sqlite:///x.db?": "no options",
    "sqlite:///a?b.db": "no options",
    "sqlite:///:memory:": "path",
    "sqlite://": "path",
    "sqlite:///": "path",
    "sqlite://host/x.db": "three slashes",
    "sqlite://x.db": "three slashes",
    "sqlite://ada@/x.db": "three slashes",
    "sqlite+pysqlcipher:///x.db": "pysqlcipher",
    "sqlite:///x.db/": "folder",
    "sqlite:///x.db/.": "folder",
    "sqlite:///.": "not a regular file",
    "sqlite:///~/x.db": "folder ~ does not exist (~ is not expanded",
    "sqlite:///typo/x.db": "folder typo does not exist",
    "sqlite:///a/../x.db": "folder a/.. does not exist",
    "sqlite:///there.db/x.db": "there.db",
    "sqlite:///x%0A.db": "control characters",
    "sqlite:///x.db-wal": "-wal",
    "sqlite:///x.db.lock": ".lock",
}
NAMES = {
    "a#b.db": "a#b.db",
    "a%3Fb.db": "a?b.db",
    "my%20log.db": "my log.db",
    "my log.db": "my log.db",
    "100%.db": "100%.db",
    "~x.db": "~x.db",
    "./file:x.db": "file:x.db",
    "a%3Fmode=ro&b.db": "a?mode=ro&b.db",
    "no-ending": "no-ending",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize("url", REFUSED)
async def test_a_url_that_could_mean_another_file_is_refused_and_makes_nothing(
    here: Path, url: str
) -> None:
    (here / "there.db").touch()
    for command in (("serve", "--port", "0", "--max-connections", "100"), ("migrate",)):
        done = await chatlog(*command, database=url)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1), done
        assert REFUSED[url] in done.err
    assert [found.name for found in here.iterdir()] == ["there.db"]


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("name", NAMES)
async def test_what_is_opened_is_what_is_locked_and_what_is_named(
    here: Path, name: str, absolute: bool
) -> None:
    file = here / NAMES[name]
    url = f"sqlite:///{here if absolute else '.'}/{name}"
    async with running(Settings(database=url)) as node:
        ada = InsideClient(node, Record(), "ada")
        await ada.join("general")
        assert await asyncio.to_thread(is_held, file)
        held = {f"{file.name}{ending}" for ending in ("", "-wal", "-shm", ".lock", ".sock")}
        assert {found.name for found in here.iterdir()} == held
        done = await chatlog("rooms", "--json", database=url)
        assert '"room":"general"' in done.out
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (2,)
    file.unlink()
    done = await chatlog("rooms", database=url)
    assert (done.status, done.out) == (2, "")
    assert file.name in done.err


@pytest.fixture(params=[0o000, 0o022, 0o277])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
async def test_every_file_is_its_owner_s_alone_whatever_the_umask(here: Path, start: Start) -> None:
    url = f"sqlite:///{here / 'chatlog.db'}"
    server = await start(url)
    assert (await chatlog("backup", str(here / "copy.db"), database=url)).status == 0
    await chatlog("checkpoint", "--new-key", str(here / "key.pem"), database=url)
    story = here.parent / "2006-12-10.txt"
    story.write_text("[10:00] <ada> hello\n")
    story.chmod(0o600)
    done = await chatlog("import", str(story), "--room", "old", "--format", "irc", database=url)
    assert done.status == 0, done
    done = await chatlog("export", "old", "--manifest", str(here / "old.manifest"), database=url)
    assert done.status == 0, done
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in here.iterdir()}
    assert modes.pop("key.pem.pub") & 0o033 == 0
    names = {f"chatlog.db{ending}" for ending in ("", "-wal", "-shm", ".lock", ".sock")}
    assert set(modes) == names | {"copy.db", "key.pem", "old.manifest"}
    assert {mode | 0o200 for mode in modes.values()} == {0o600}, modes  # a umask may take more
    await server.stop()
