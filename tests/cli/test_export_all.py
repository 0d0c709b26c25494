"""All rooms go to a folder and come back unchanged, also when either is interrupted half-way."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatlog.cli.moving.export_folder import file_name
from tests.cli.command import chatlog, imported, lines, refused
from tests.support.damage import two_small_rooms
from tests.support.people_log import people_on
from tests.support.server import Server

CHECKPOINT = "checkpoint.json"


def exports(database: str) -> dict[str, str]:
    rooms = [room["room"] for room in lines("rooms", "--database", database)]
    return {room: chatlog("export", room, "--database", database).stdout for room in rooms}


def checkpointed(database: str, folder: Path) -> Path:
    chatlog("checkpoint", "--new-key", folder / "key.pem")
    taken = folder / CHECKPOINT
    chatlog("checkpoint", "--key", folder / "key.pem", "--out", taken, "--database", database)
    return taken


@pytest.mark.parametrize("kind", ["rooms of everybody", "rooms of people"])
def test_all_rooms_come_back_and_a_checkpoint_made_before_holds(
    kind: str, database_url: str, tmp_path: Path
) -> None:

    if kind == "rooms of everybody":
        two_small_rooms(database_url, tmp_path)
    else:
        asyncio.run(people_on(database_url))
    taken = checkpointed(database_url, tmp_path)
    folder, anew = tmp_path / "all", f"sqlite:///{tmp_path / 'anew.db'}"
    assert "of 2 rooms" in chatlog("export", "--all", folder, "--database", database_url).stdout
    assert folder.stat().st_mode & 0o777 == 0o700
    index = json.loads((folder / "export.json").read_text())
    assert (index["count"], index["is_complete"], len(index["rooms"])) == (2, True, 2)
    said = chatlog("import", "--all", folder, "--database", anew).stdout
    assert said == "Restored 2 rooms, verified and unchanged.\n"
    assert exports(anew) == exports(database_url)
    chatlog("verify", "--checkpoint", taken, "--database", anew)
    again = chatlog("import", "--all", folder, "--database", anew).stdout
    assert again == "Restored 0 rooms, verified and unchanged; 2 already in the log.\n"
    chatlog("export", "--all", folder, "--database", database_url)  # into the same folder


def test_the_name_of_each_room_becomes_a_name_of_a_file() -> None:
    rooms = ["general", "General", "../x", "a/b", "", ".", "..", "con", "con.x", "#ä", "a b", "~x"]
    rooms += [
        "é",
        "e\u0301",
        "x" * 64,
        "世" * 64,
        "世" * 63 + "界",
        "%2f",
        "-",
        "nul",
        "export.json",
    ]
    names = [file_name(room) for room in rooms]
    assert len({name.lower() for name in names}) == len(rooms)
    for name in names:
        assert re.fullmatch(r"[a-z0-9%_~-]*\.jsonl", name), name
        assert len(name) < 200
        assert name.partition(".")[0] not in ("con", "nul")
    assert file_name("general") == "general.jsonl"
    assert file_name("#ubuntu") == "%23ubuntu.jsonl"


def test_rooms_with_such_names_come_back(database_url: str, tmp_path: Path) -> None:
    history = tmp_path / "2006-12-10.txt"
    history.write_text("[09:14] <ada> hello\n")
    for room in (".x", "General", "general", "#ä b", "世" * 64):
        imported(database_url, history, room)
    folder, anew = tmp_path / "all", f"sqlite:///{tmp_path / 'anew.db'}"
    chatlog("export", "--all", folder, "--database", database_url)
    chatlog("import", "--all", folder, "--database", anew)
    assert exports(anew) == exports(database_url)


def test_an_export_that_was_interrupted_says_so_and_can_be_run_again(
    database_url: str, tmp_path: Path
) -> None:
    two_small_rooms(database_url, tmp_path)
    folder, anew = tmp_path / "all", f"sqlite:///{tmp_path / 'anew.db'}"
    code = (
        "import sys, chatlog.cli.moving.export_all as export\n"
        "from chatlog.cli import main\n"
        "write = export._write_room\n"
        "async def stop(door, room, folder):\n"
        "    if room == '#small':\n"
        "        print('half-way', flush=True); sys.stdin.read()\n"
        "    return await write(door, room, folder)\n"
        "export._write_room = stop\n"
        "main(['export', '--all', sys.argv[1], '--database', sys.argv[2]])\n"
    )
    for end in (signal.SIGINT, signal.SIGKILL):
        err = interrupted(end, code, str(folder), database_url)
        if end == signal.SIGINT:
            assert "The export was interrupted: 1 room in" in err
        said = refused("import", "--all", folder, "--database", anew)
        assert "was interrupted: it has 1 of 2 rooms" in said
        assert not (tmp_path / "anew.db").exists()
    chatlog("export", "--all", folder, "--database", database_url)
    chatlog("import", "--all", folder, "--database", anew)
    assert exports(anew) == exports(database_url)


def interrupted(end: signal.Signals, code: str, *arguments: str) -> str:
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        process.send_signal(end)
        _out, err = process.communicate(timeout=60)
        assert process.returncode == (130 if end == signal.SIGINT else -end), err
        return err


def test_an_import_that_was_interrupted_continues(database_url: str, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    two_small_rooms(source, tmp_path)
    taken, folder = checkpointed(source, tmp_path), tmp_path / "all"
    chatlog("export", "--all", folder, "--database", source)
    code = (
        "import sys, chatlog.operations.moving.restore_all as moving\n"
        "from chatlog.cli import main\n"
        "restore = moving.restore_export\n"
        "async def stop(database, lines):\n"
        "    name, events = await restore(database, lines)\n"
        "    print('half-way', flush=True); sys.stdin.read()\n"
        "moving.restore_export = stop\n"
        "main(['import', '--all', sys.argv[1], '--database', sys.argv[2]])\n"
    )
    interrupted(signal.SIGKILL, code, str(folder), database_url)
    assert len(lines("rooms", "--database", database_url)) == 1
    damaged = folder / "%23small.jsonl"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole.replace(b"hello", b"hullo"))
    assert "SHA-256" in refused("import", "--all", folder, "--database", database_url)
    (folder / "export.json").rename(tmp_path / "export.json")
    said = refused("import", "--all", folder, "--database", database_url)
    assert "%23small.jsonl: Line 3 is not as it was exported" in said
    assert "1 of 2 rooms are in the log. Run it again to continue." in said
    damaged.write_bytes(whole)
    said = chatlog("import", "--all", folder, "--database", database_url).stdout
    assert said == "Restored 1 room, verified and unchanged; 1 already in the log.\n"
    chatlog("verify", "--checkpoint", taken, "--database", database_url)


def test_only_a_folder_of_its_own_is_written_to(sqlite_url: str, tmp_path: Path) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    export = ("export", "--database", sqlite_url)
    assert "holds other files" in refused(*export, "--all", tmp_path)
    folder, other = tmp_path / "all", f"sqlite:///{tmp_path / 'other.db'}"
    chatlog("migrate", "--database", other)
    chatlog("export", "--all", folder, "--database", other)
    assert "another log" in refused(*export, "--all", folder)
    for wrong in (("#small",), ("--format", "csv"), ("--types", "chat"), ("--from", 2)):
        assert "--all takes neither" in refused(*export, "--all", tmp_path / "new", *wrong)
    assert "Give a ROOM" in refused(*export)
    assert "Give a FILE" in refused("import", "--database", sqlite_url)
    assert "--all takes" in refused("import", "--all", folder, "--room", "x")
    (tmp_path / "empty").mkdir()
    empty = tmp_path / "empty"
    assert "no exported room" in refused("import", "--all", empty, "--database", sqlite_url)


async def test_a_running_server_restores_them(sqlite_url: str, tmp_path: Path) -> None:
    source, folder = f"sqlite:///{tmp_path / 'source.db'}", tmp_path / "all"
    await asyncio.to_thread(two_small_rooms, source, tmp_path)
    await asyncio.to_thread(chatlog, "export", "--all", folder, "--database", source)
    server = Server(sqlite_url, tmp_path / "log")
    await server.start()
    try:
        options = ("--all", folder, "--database", sqlite_url)
        said = (await asyncio.to_thread(chatlog, "import", *options)).stdout
        assert said == "Restored 2 rooms, verified and unchanged.\n"
    finally:
        await server.stop()
    assert len(await asyncio.to_thread(lines, "rooms", "--database", sqlite_url)) == 2
