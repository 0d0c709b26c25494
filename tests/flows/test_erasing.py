"""Erasing beside a running server: gone from every answer at once, and from the file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from tests.support.clients import Clients
from tests.support.command import chatlog
from tests.support.server import Server, until

from .conftest import Serve

ROOM = "general"
SECRET = "the launch code is 4711"
NAME = "ada of the many names"


def bytes_on_disk(server: Server) -> bytes:
    path = sa.make_url(server.database).database
    assert path is not None
    files = [Path(path), Path(f"{path}-wal")]
    return b"".join(file.read_bytes() for file in files if file.exists())


async def test_a_redacted_text_is_gone_from_answers_caches_and_file(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        said = await ada.chat(ROOM, SECRET)
        await ada.chat(ROOM, "something else")
        assert SECRET.encode() in bytes_on_disk(server)

        done = await chatlog(
            "redact", ROOM, str(said.seq), "--reason", "a leak", "--by", "eve", database=sqlite_url
        )
        assert (done.status, done.err) == (0, "")

        erasure = await ada.wait(lambda frame: frame.type == "erasure")
        assert erasure.data["of"] == [said.seq]
        assert erasure.data["username"] == "eve"
        assert SECRET.encode() not in bytes_on_disk(server)
        late = await clients.connect("late")
        await late.join(ROOM)
        page = await late.history(ROOM)
        shown = [frame.raw for frame in late.connection.frames]
        assert SECRET not in "".join(shown) + page.raw
        erased = next(e for e in page.data["events"] if e["seq"] == said.seq)
        assert (erased["erased"], erased["message"]) == (True, "")
        assert erased["hash"] == said.data["hash"]
    verdict = await chatlog("verify", "--json", database=sqlite_url)
    assert json.loads(verdict.out)["ok"] is True


async def test_an_erased_person_is_kicked_and_the_name_is_free_again(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url)
    async with Clients(server) as clients:
        person = await clients.connect(NAME)
        await person.join(ROOM)
        await person.chat(ROOM, SECRET, id="of-no-content")
        await person.join("other")
        done = await chatlog("erase-user", NAME, "--reason", "asked for", database=database_url)
        assert (done.status, done.err) == (0, "")
        kicked = await person.wait(lambda frame: frame.data.get("cause") == "kicked")
        # Another process erases on PostgreSQL: the name may be gone before the leave is read.
        assert kicked.data["username"] in {NAME, "(erased)"}

        late = await clients.connect("late")
        page = await late.history(ROOM)
        assert NAME not in page.raw
        assert SECRET not in page.raw
        assert {e["username"] for e in page.data["events"] if e.get("erased")} == {"(erased)"}
        again = await clients.connect(NAME)
        await again.join(ROOM)
        assert NAME in (await late.users(ROOM)).data["users"]
    if database_url.startswith("sqlite"):
        assert SECRET.encode() not in bytes_on_disk(server)
    verdict = await chatlog("verify", database=database_url)
    assert verdict.status == 0, verdict


async def test_while_a_reader_holds_a_snapshot_the_command_says_that_the_file_is_not_clean(
    serve: Serve, sqlite_url: str
) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        said = await ada.chat(ROOM, SECRET)
        path = sa.make_url(sqlite_url).database
        with closing(sqlite3.connect(str(path), isolation_level=None)) as auditor:
            auditor.execute("BEGIN")
            auditor.execute("SELECT count(*) FROM events").fetchone()
            done = await chatlog(
                "redact", ROOM, str(said.seq), "--reason", "a leak", database=sqlite_url
            )
            assert done.status == 0
            assert "snapshot" in done.out

        async def is_clean() -> bool:
            return SECRET.encode() not in bytes_on_disk(server)

        await until(is_clean, 60, "a clean file once the reader has gone")


async def test_what_is_no_message_is_not_erased(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url)
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        for room, seq in ((ROOM, "1"), (ROOM, "99"), ("nowhere", "1")):
            done = await chatlog("redact", room, seq, "--reason", "?", database=sqlite_url)
            assert (done.status, done.out) == (2, ""), done
            assert done.err.count("\n") == 1
        nobody = await chatlog("erase-user", "nobody", "--reason", "?", database=sqlite_url)
        assert nobody.status == 2
        assert (await ada.users(ROOM)).seq == 1, "and nothing was appended"


async def test_retention_erases_what_is_too_old_and_says_beforehand_how_much(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    old = tmp_path / "2004-12-25.txt"
    old.write_text(f"[09:14] <{NAME}> {SECRET}\n[09:15] <{NAME}> more\n")
    imported = await chatlog(
        "import", str(old), "--room", ROOM, "--format", "irc", database=sqlite_url
    )
    assert imported.status == 0, imported
    server = await serve(sqlite_url)
    keep = ("retention", ROOM, "--days", "30", "--names")
    dry = await chatlog(*keep, "--dry-run", database=sqlite_url)
    assert dry.out == "2 texts and 1 person would be erased.\n", dry
    done = await chatlog(*keep, database=sqlite_url)
    assert done.out == "Erased 2 texts and 1 person.\n", done
    assert SECRET.encode() not in bytes_on_disk(server)
    assert NAME.encode() not in bytes_on_disk(server)
    assert (await chatlog("verify", database=sqlite_url)).status == 0


async def test_a_backup_under_load_is_a_prefix_that_verifies(
    serve: Serve, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(sqlite_url)
    copy = tmp_path / "copy.db"
    async with Clients(server) as clients:
        ada = await clients.connect("ada")
        await ada.join(ROOM)
        waiting = [
            await ada.submit("chat", room=ROOM, message=f"before {number}") for number in range(300)
        ]
        done = await chatlog("backup", str(copy), database=sqlite_url)
        assert done.status == 0, done
        await asyncio.gather(*waiting, ada.chat(ROOM, "after"))
        whole = await clients.read_log(ROOM)
    assert (await chatlog("verify", database=f"sqlite:///{copy}")).status == 0
    saved = await chatlog(
        "history", ROOM, "--json", "--limit", "100000", database=f"sqlite:///{copy}"
    )
    lines = saved.out.splitlines()
    assert [json.loads(line) for line in lines] == [frame.data for frame in whole[: len(lines)]]
    assert len(lines) >= 1
    again = await chatlog("backup", str(copy), database=sqlite_url)
    assert again.status == 2
