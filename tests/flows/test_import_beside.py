"""An import beside a running server is that server's work, and nobody waits for it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from chatlog.databases.sqlite.lockfile import LockFile
from chatlog.domain.errors import LogError
from chatlog.formats.history import Reading
from chatlog.operations import control_socket as control
from chatlog.operations.arguments import limits_of
from chatlog.settings import Settings
from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.server import until

from .conftest import Serve

ROOM = "#old"
STORY = "".join(f"[{n // 60 % 24:02}:{n % 60:02}] <user{n % 7}> line {n}\n" for n in range(1_400))


def story(folder: Path) -> Path:
    path = folder / "2006-12-10.old.txt"
    path.write_text(STORY)
    return path


async def test_a_history_is_imported_while_people_chat(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        options = ("--room", ROOM, "--format", "irc")
        importing = asyncio.create_task(
            chatlog("import", str(story(tmp_path)), *options, database=sqlite_url)
        )
        while not importing.done():
            await asyncio.wait_for(ada.chat("general", "still here"), 2)
        done = await importing
        assert (done.status, done.err) == (0, ""), done
        assert done.out.startswith("1400 chats")
        assert (await ada.users(ROOM)).data["count"] == 0
    verdict = await chatlog("verify", "--json", database=sqlite_url)
    assert json.loads(verdict.out)["ok"] is True


async def test_a_server_reads_a_file_as_the_command_would(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "room.log"
    file.write_bytes("[02:59] <ida> é\n[02:00] <ida> two\n".encode("utf-16"))
    options = ("--room", ROOM, "--date", "2020-10-25", "--timezone", "Europe/Berlin")
    await serve(sqlite_url)
    done = await chatlog("import", str(file), *options, database=sqlite_url)
    assert (done.status, done.err) == (0, "")
    assert "from 2020-10-25T00:59:00.000000Z to 2020-10-25T01:00:00.000000Z." in done.out
    again = await chatlog("import", str(file), *options, database=sqlite_url)
    assert again.status == 2
    assert "--continue" in again.err
    with file.open("ab") as opened:
        opened.write("[02:01] <ida> three\n".encode("utf-16-le"))
    further = await chatlog("import", str(file), *options, "--continue", database=sqlite_url)
    assert (further.status, further.out[:7]) == (0, "1 chat,"), further
    wrong = await chatlog("import", str(file), *options, "--encoding", "utf-8", database=sqlite_url)
    assert wrong.status == 2
    assert (await chatlog("verify", database=sqlite_url)).status == 0


async def test_an_export_is_put_back_beside_a_server_unchanged(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    options = ("--room", ROOM, "--format", "irc")
    await chatlog("import", str(story(tmp_path)), *options, database=other)
    exported = await chatlog("export", ROOM, database=other)
    file = tmp_path / "export.jsonl"
    file.write_text(exported.out)
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        done = await chatlog("import", str(file), "--format", "jsonl", database=sqlite_url)
        events = exported.out.count(chr(10))
        assert done.out == f"Restored {events} events of {ROOM}, verified and unchanged.\n"
        await ada.chat("general", "and on it goes")
        await ada.join(ROOM)
        again = await chatlog("import", str(file), "--format", "jsonl", database=sqlite_url)
        assert (again.status, again.out) == (2, "")
        assert "already" in again.err
        file.write_text(exported.out.replace("line 7", "line 8", 1))
        wrong = await chatlog("import", str(file), "--format", "jsonl", database=sqlite_url)
        assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    there = await chatlog(
        "export", ROOM, "--to", str(len(exported.out.splitlines())), database=sqlite_url
    )
    assert there.out == exported.out
    assert (await chatlog("verify", database=sqlite_url)).status == 0


async def test_where_nobody_can_be_asked_the_process_is_named(
    sqlite_url: str, tmp_path: Path
) -> None:
    lock = LockFile(Path(sqlite_url.removeprefix("sqlite:///"))).take()
    try:
        options = ("--room", ROOM, "--format", "irc")
        done = await chatlog("import", str(story(tmp_path)), *options, database=sqlite_url)
    finally:
        lock.release()
    assert (done.status, done.out) == (2, "")
    assert "process " in done.err


async def test_a_pipe_is_imported_beside_a_server_which_can_still_be_stopped(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    pipe = tmp_path / "2006-12-10.pipe"
    os.mkfifo(pipe)
    options = ("--room", ROOM, "--format", "irc")
    importing = asyncio.create_task(chatlog("import", str(pipe), *options, database=sqlite_url))
    await asyncio.to_thread(pipe.write_text, STORY)
    done = await importing
    assert (done.status, done.err) == (0, ""), done
    assert done.out.startswith("1400 chats")
    assert await server.stop() == 0


@pytest.mark.parametrize("command", ["import-history", "import-jsonl"])
async def test_a_server_never_waits_for_the_writer_of_a_pipe(
    serve: Serve, sqlite_url: str, tmp_path: Path, command: str
) -> None:
    server = await serve(sqlite_url)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    place: dict[str, object] = {"path": str(pipe), "room": ROOM}
    if command == "import-history":
        reading = asdict(Reading(str(pipe), "2006-12-10.txt"))
        limits = asdict(limits_of(Settings()))
        place = {"reading": reading, "room": ROOM, "again": False, "limits": limits}
    socket = Path(f"{sqlite_url.removeprefix('sqlite:///')}.sock")
    with pytest.raises(LogError, match="regular file"):
        await asyncio.wait_for(control.ask(socket, command, place), 5)
    assert await server.stop() == 0


async def test_a_file_that_the_server_cannot_read_is_named(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    await serve(sqlite_url)
    missing = tmp_path / "only-the-asker-sees-it"
    socket = Path(f"{sqlite_url.removeprefix('sqlite:///')}.sock")
    with pytest.raises(LogError, match=f"The server cannot use {missing}"):
        await control.ask(socket, "import-jsonl", {"path": str(missing), "room": ROOM})


async def test_an_import_whose_command_is_interrupted_ends_with_it(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    long = tmp_path / "2006-12-10.long.txt"
    long.write_text(STORY * 200)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        arguments = ("import", str(long), "--room", ROOM, "--format", "irc")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chatlog",
            *arguments,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "CHATLOG_DATABASE": sqlite_url},
        )

        async def is_told() -> bool:
            return (await ada.ask("history", room=ROOM)).type == "history"

        await until(is_told, 60, "the first slice")
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
        assert (process.returncode, said.decode()) == (
            130,
            "chatlog: The import was interrupted; --continue resumes it.\n",
        )

        async def has_ended() -> bool:
            return bool((await ada.users(ROOM)).data["count"] == 0)

        await until(has_ended, 60, "nobody of the story is left")
        assert (await ada.history(ROOM, limit=1)).events[0].data["cause"] == "lapsed"


async def test_an_import_that_is_running_does_not_hold_up_a_stop(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    long = tmp_path / "2006-12-10.long.txt"
    long.write_text(STORY * 200)
    options = ("--room", ROOM, "--format", "irc")
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join("general")
        importing = asyncio.create_task(chatlog("import", str(long), *options, database=sqlite_url))
        await ada.chat("general", "while it reads")
        opened = Path(f"/proc/{server.running.pid}/fd")

        async def reads() -> bool:
            return str(long) in [str(fd.readlink()) for fd in opened.iterdir() if fd.is_symlink()]

        await until(reads, 20, "the server reads the file")
        assert await server.stop() == 0
    done = await importing
    assert done.status == 2


async def test_a_line_without_end_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    endless = tmp_path / "2006-12-10.txt"
    with endless.open("wb") as file:
        file.truncate(1 << 40)
    options = ("--room", ROOM, "--format", "irc")
    done = await chatlog("import", str(endless), *options, database=sqlite_url)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "longer than" in done.err


async def test_a_device_is_refused(sqlite_url: str) -> None:
    options = ("--room", ROOM, "--format", "irc", "--date", "2006-12-10")
    done = await chatlog("import", "/dev/zero", *options, database=sqlite_url)
    assert (done.status, done.err.count("\n")) == (2, 1)
