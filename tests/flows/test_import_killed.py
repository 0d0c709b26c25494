"""An import that is killed half-way: its people are surely there until where the story broke off.

Not until the process that told the story died, years after it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import asyncpg

from tests.support.client import Client
from tests.support.clients import Clients
from tests.support.command import Ended, chatlog
from tests.support.server import until

from .conftest import Serve

ROOM = "#old"
LINES = 12_000
YEARS_LATER = "2015-01-01T00:00:00Z"

DOOMED = """
import asyncio, os, signal, sys
from pathlib import Path
import pytest

from chatlog.databases.opening import open_for_writing
from chatlog.operations.arguments import limits_of
from chatlog.formats.history import History, Reading
from chatlog.operations.import_history import import_history
from chatlog.settings import Settings

pytestmark = pytest.mark.slow

def die(done, of):
    if done >= 2_000:
        os.kill(os.getpid(), signal.SIGKILL)

async def main(url, path):
    history = History(Reading(path, Path(path).name))
    async with open_for_writing(url) as database:
        await import_history(
            database, history, room="#old", limits=limits_of(Settings()), progress=die
        )

asyncio.run(main(*sys.argv[1:]))
"""


def story(folder: Path) -> Path:
    path = folder / "2006-12-10.old.txt"
    lines = (f"[{n // 60 % 24:02}:{n % 60:02}] <user{n % 7}> line {n}\n" for n in range(LINES))
    path.write_text("".join(lines))
    return path


async def objects(*arguments: str, database: str) -> list[dict[str, object]]:
    ended = await chatlog(*arguments, "--json", database=database)
    assert ended.status == 0, ended
    return [json.loads(line) for line in ended.out.splitlines()]


async def assert_nobody_is_sure_of_later(database: str) -> None:
    present = await objects("users", ROOM, "--at", YEARS_LATER, database=database)
    assert all(user.get("uncertain") for user in present), present
    first = await objects("users", ROOM, "--at", "2006-12-10T12:00:00Z", database=database)
    assert len(first) == 7
    assert not any(user.get("uncertain") for user in first), first
    certain = await certain_until(database)
    assert len(certain) == 7
    assert all(at < "2007" for at in certain), certain
    assert (await chatlog("verify", database=database)).status == 0


async def certain_until(database: str) -> list[str]:
    asked = "SELECT certain_until FROM audit_sessions WHERE room = '#old'"
    if database.startswith("sqlite"):
        path = database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [at for (at,) in connection.execute(asked)]
    connection = await asyncpg.connect(database)
    try:
        return [row[0] for row in await connection.fetch(asked)]
    finally:
        await connection.close()


async def assert_all_lapsed(serve_url: str, clients: Clients) -> None:
    """Check the leaves that the next server wrote, and who could have seen the first of them."""
    ada = await clients.connect("ada")

    async def nobody() -> bool:
        return bool((await ada.users(ROOM)).data["count"] == 0)

    await until(nobody, 40, "the story's people have left")
    page = await ada.history(ROOM, types=["leave"], limit=500)
    leaves = page.data["events"]
    assert {leave["cause"] for leave in leaves} == {"lapsed"}
    assert all(leave["last_seen_at"] < "2007" for leave in leaves), leaves
    seq = str(leaves[0]["seq"])
    witnesses = await objects("witnesses", ROOM, seq, database=serve_url)
    assert {witness["certainty"] for witness in witnesses} <= {"open", "uncertain"}


async def test_an_import_killed_without_a_server_invents_no_presence(
    serve: Serve, database_url: str, tmp_path: Path
) -> None:
    command = (sys.executable, "-c", DOOMED, database_url, str(story(tmp_path)))
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == -signal.SIGKILL
    await assert_nobody_is_sure_of_later(database_url)
    server = await serve(database_url, "--lease-seconds", "3")
    async with Clients(server) as clients:
        await assert_all_lapsed(database_url, clients)
    await assert_nobody_is_sure_of_later(database_url)


async def test_an_import_killed_with_the_server_that_does_it_invents_no_presence(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        importing = await started(ada, sqlite_url, story(tmp_path))
        await server.kill()
        assert (await importing).status == 2
    await assert_nobody_is_sure_of_later(sqlite_url)
    await server.start()
    async with Clients(server) as clients:
        await assert_all_lapsed(sqlite_url, clients)
    await assert_nobody_is_sure_of_later(sqlite_url)


async def test_an_import_killed_with_its_server_is_continued_beside_the_next(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    file = story(tmp_path)
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        importing = await started(ada, sqlite_url, file)
        await server.kill()
        assert (await importing).status == 2
    await server.start()
    async with Clients(server) as clients:
        await assert_all_lapsed(sqlite_url, clients)
    options = ("--room", ROOM, "--format", "irc", "--continue")
    done = await chatlog("import", str(file), *options, database=sqlite_url)
    assert (done.status, done.err) == (0, ""), done
    chats = await objects(
        "history", ROOM, "--types", "chat", "--limit", "100000", database=sqlite_url
    )
    assert [chat["message"] for chat in chats] == [f"line {n}" for n in range(LINES)]
    assert await objects("users", ROOM, database=sqlite_url) == []
    await assert_nobody_is_there_later(sqlite_url)


async def assert_nobody_is_there_later(database: str) -> None:
    assert await objects("users", ROOM, "--at", YEARS_LATER, database=database) == []
    assert (await chatlog("verify", database=database)).status == 0


async def test_an_import_that_a_server_breaks_off_invents_no_presence(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        importing = await started(ada, sqlite_url, story(tmp_path))
        intruder = await clients.connect("intruder")
        await intruder.join(ROOM)
        done = await importing
        assert done.status == 2, done
        await intruder.leave(ROOM)
        page = await ada.history(ROOM, types=["leave"], limit=500)
        lapsed = [event for event in page.data["events"] if event["username"] != "intruder"]
        assert len(lapsed) == 7
        assert {leave["cause"] for leave in lapsed} == {"lapsed"}
        assert all(leave["last_seen_at"] < "2007" for leave in lapsed), lapsed
        await ada.join("general")  # the server's own people are there as before
    assert (await chatlog("verify", database=sqlite_url)).status == 0


async def started(ada: Client, url: str, file: Path) -> asyncio.Task[Ended]:
    """Begin an import beside the server; return its task once a part of it is in the log."""
    options = ("--room", ROOM, "--format", "irc")
    importing = asyncio.create_task(chatlog("import", str(file), *options, database=url))

    async def begun() -> bool:
        page = await ada.ask("history", room=ROOM, limit=1)
        return page.type == "history" and bool(page.data["last"] > 1_000)

    await until(begun, 20, "an import under way")
    assert not importing.done()
    return importing
