"""Each query says what it asks and needs, and Datasette serves them live."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from chatlog.audit.points import parse_days
from chatlog.audit.queries import queries
from docs import render
from tests.support.clients import Clients
from tests.support.logbook import open_log
from tests.support.server import Server, free_port, until

DOCS = Path(render.__file__).parent


@pytest.mark.parametrize("query", queries().values(), ids=lambda query: query.name)
def test_a_query_says_what_it_is_and_what_it_has_to_be_told(query: object) -> None:
    [found] = [q for q in queries().values() if q is query]
    used = set(re.findall(r"(?<!:):(\w+)", found.sql))
    assert {parameter.name for parameter in found.parameters} == used
    assert found.title.endswith("?")
    assert ";" not in found.sql
    assert not re.search(r"\b(FROM|JOIN)\s+(?!audit_|theirs|\()\w+", found.sql), "views only"


async def test_datasette_hides_every_table_and_shows_every_view(sqlite_url: str) -> None:
    async with open_log(sqlite_url) as log:
        found = await log.table(
            "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
        )
    told = json.loads((DOCS / "datasette.json").read_text(encoding="utf-8"))
    tables = told["databases"]["chatlog"]["tables"]
    assert set(tables) == {row["name"] for row in found if row["type"] == "table"}
    assert all(table == {"hidden": True} for table in tables.values())


@asynccontextmanager
async def datasette(file: Path) -> AsyncIterator[str]:
    """Run Datasette on a file with our metadata; yield its URL."""
    port = free_port()
    arguments = [str(file), "--metadata", str(DOCS / "datasette.json"), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", "datasette", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    async def is_up() -> bool:
        assert process.returncode is None, "Datasette ended"
        try:
            async with aiohttp.ClientSession() as session, session.get(url + "/-/versions.json"):
                return True
        except aiohttp.ClientError:
            return False

    try:
        await until(is_up, 30, "Datasette answers")
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def rows_of(url: str, path: str, **told: str) -> list[dict[str, object]]:
    """Return the rows that a page of Datasette shows."""
    asked = {**told, "_shape": "objects"}
    page = f"{url}/chatlog/{path}.json"
    async with aiohttp.ClientSession() as session, session.get(page, params=asked) as response:
        body = json.loads(await response.text())
    assert response.status == 200, body
    found: list[dict[str, object]] = body["rows"]
    return found


async def test_datasette_answers_the_queries_while_the_server_writes(tmp_path: Path) -> None:
    file = tmp_path / "chatlog.db"
    server = Server(f"sqlite:///{file}", tmp_path / "server.log")
    await server.start()
    try:
        async with Clients(server) as clients, datasette(file) as url:
            ada = await clients.connect("ada")
            await ada.join("general")
            for number in range(20):
                said = await ada.chat("general", f"message {number}")
                seen = await rows_of(url, "who-could-have-seen", room="general", seq=str(said.seq))
                assert [(row["username"], row["certainty"]) for row in seen] == [("ada", "open")]
            found = await rows_of(url, "messages-with-words", room="general", words="message 7")
            assert [row["message"] for row in found] == ["message 7"]
            told = {"room": "general", "seq": "2", "at": "2999", "from": "2000", "to": "2999"}
            told |= {"username": "ada", "other": "ada", "words": "message"}
            told |= {"subject": "u-ada", "days": parse_days("2026-11-22")}
            for query in queries().values():
                await rows_of(url, query.name, **{p.name: told[p.name] for p in query.parameters})
    finally:
        await server.stop()
