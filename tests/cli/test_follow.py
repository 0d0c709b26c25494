"""``chatlog follow`` hands every event over, at least once, and never those of another log."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chatlog.audit import log_pages
from chatlog.audit.log_pages import Wanted, read_page
from chatlog.wire.events import encode_positioned
from tests.cli.command import chatlog, imported, refused
from tests.support.clients import Clients
from tests.support.damage import LINES, two_small_rooms
from tests.support.logbook import open_log
from tests.support.people_log import people_on
from tests.support.server import Server

ROOT = Path(__file__).parents[2]
SECONDS = 20


@contextmanager
def following(database: str, *options: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "chatlog", "follow", *map(str, options)]
    with subprocess.Popen(
        [*command, "--database", database], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[bytes], count: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


def rest(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    """Return the whole lines that a killed process has left behind, which its reader has taken."""
    assert process.stdout is not None
    return [
        json.loads(line) for line in process.stdout.read().splitlines(True) if line[-1:] == b"\n"
    ]


def positions(events: list[dict[str, Any]]) -> list[int]:
    return [event["position"] for event in events]


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    """Two rooms of ten events each."""
    return two_small_rooms(database_url, tmp_path)


def test_every_event_of_every_room_is_a_line_with_its_position(database_url: str) -> None:
    everything = asyncio.run(people_on(database_url))
    with following(database_url, "--after", 0, "--jsonl") as process:
        found = lines(process, len(everything))
    assert found == [json.loads(encode_positioned(event)) for event in everything]
    assert positions(found) == list(range(1, len(everything) + 1))
    assert list(found[0])[-1] == "position"


async def test_it_goes_on_live_beside_a_server(database_url: str, tmp_path: Path) -> None:
    server = Server(database_url, tmp_path / "log")
    await server.start()
    cursor = tmp_path / "cursor"
    try:
        async with Clients(server) as clients:
            ann = await clients.connect("ann")
            await ann.join("one")
            with following(database_url, "--jsonl", "--cursor-file", cursor) as process:
                while not cursor.exists():  # it has found the log's head
                    await asyncio.sleep(0.02)
                await ann.join("two")
                await ann.chat("one", "hello")
                found = await asyncio.to_thread(lines, process, 2)
    finally:
        await server.stop()
    assert [(event["room"], event.get("event", event["type"])) for event in found] == [
        ("two", "join"),
        ("one", "chat"),
    ]
    assert positions(found) == [2, 3]


def test_rooms_and_types_can_be_chosen(database: str) -> None:
    with following(database, "--after", 0, "--jsonl", "--room", "#other") as process:
        other = lines(process, 10)
    assert {event["room"] for event in other} == {"#other"}
    asked = ("--after", 0, "--jsonl", "--types", "chat", "--room", "#other", "--room", "#small")
    with following(database, *asked) as process:
        chats = lines(process, 8)
    assert {event["type"] for event in chats} == {"chat"}
    assert positions(chats) == sorted(positions(chats))
    assert "no room" in refused("follow", "--room", "nowhere", "--database", database)
    assert "last position is 20" in refused("follow", "--after", 21, "--database", database)


def test_for_people_each_event_is_one_line(database: str) -> None:
    with following(database, "--after", 3) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
    assert line == "4  #small  4  2006-12-10 09:15:00  bob  /me waves\n"


def test_a_page_of_few_wanted_events_reads_on(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(read_in_pages(database, monkeypatch))


async def read_in_pages(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_log(database) as log, log.database.read() as connection:
        everything, end = await read_page(connection, 0, Wanted())
        assert (len(everything), end.position if end else 0) == (20, 20)
        for page, scan in ((3, 5), (2, 3), (1, 1), (100, 7)):
            monkeypatch.setattr(log_pages, "PAGE", page)
            monkeypatch.setattr(log_pages, "SCAN", scan)
            found, after = [], 0
            while True:
                events, reached = await read_page(connection, after, Wanted(types=("leave",)))
                found += events
                if reached is None:
                    break
                assert after < reached.position <= after + scan
                assert len(events) <= page
                after = reached.position
            assert found == [e for e in everything if e.event.type == "leave"]


def test_a_kill_at_any_moment_loses_no_event(database: str, tmp_path: Path) -> None:
    history = tmp_path / "2006-12-11.small.txt"
    history.write_text("".join(f"[09:14] <ada> {n}\n" for n in range(1_500)))
    imported(database, history, "#small")
    cursor, found = tmp_path / "cursor", list[int]()
    options = ("--after", 0, "--jsonl", "--cursor-file", cursor)
    for before in (1, 499, 502):
        with following(database, *options) as process:
            found += positions(lines(process, before))
            process.kill()
            found += positions(rest(process))
    with following(database, *options) as process:
        while not found or found[-1] < 1_522:
            found += positions(lines(process, 1))
    assert set(found) == set(range(1, 1_523))
    ends = [two for one, two in pairwise(found) if two != one + 1]
    assert len(ends) <= 3  # it repeats only where it was killed


def test_what_a_reader_has_not_taken_is_printed_again(sqlite_url: str, tmp_path: Path) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    cursor = tmp_path / "cursor"
    options = ("--after", 0, "--jsonl", "--cursor-file", cursor, "--database", sqlite_url)
    command = [sys.executable, "-m", "chatlog", "follow", *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while not cursor.exists():
            time.sleep(0.02)
        time.sleep(0.5)  # nobody reads the pipe meanwhile
        process.kill()
    assert json.loads(cursor.read_text())["position"] == 0


@pytest.mark.parametrize("types", [(), ("--types", "erasure")])
def test_a_cursor_is_of_one_log_and_of_one_past(
    types: tuple[str, ...], sqlite_url: str, tmp_path: Path
) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    file, older = Path(sqlite_url.removeprefix("sqlite:///")), tmp_path / "older.db"
    chatlog("backup", older, "--database", sqlite_url)
    later = tmp_path / "2006-12-11.small.txt"
    later.write_text(LINES)
    imported(sqlite_url, later, "#small")
    cursor = tmp_path / "cursor"
    follow = ("follow", *types, "--cursor-file", cursor)
    with following(sqlite_url, *follow[1:]):
        while not cursor.exists():
            time.sleep(0.02)
    shutil.copy(older, file)
    assert "ends at position 20, before position 30" in refused(*follow, "--database", sqlite_url)
    later.write_text(LINES.replace("hello", "hullo"))
    imported(sqlite_url, later, "#small")
    assert "restored to an earlier state" in refused(*follow, "--database", sqlite_url)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    chatlog("migrate", "--database", other)
    assert "of another log" in refused(*follow, "--database", other)
    for text in ("", "{}", '{"log":"x","position":-1,"hash":""}', "[1]", "\x00"):
        cursor.write_text(text)
        assert "not a cursor file" in refused(*follow, "--database", sqlite_url)


def test_it_ends_quietly_when_its_pipe_closes(database: str) -> None:
    command = [sys.executable, "-m", "chatlog", "follow", "--jsonl", "--after", "19"]
    with subprocess.Popen(
        [*command, "--database", database], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()  # while it waits: there is nothing left to write
        assert process.wait(SECONDS) == 0
        assert process.stderr.read() == b""


def test_jq_reads_it_as_the_page_says(sqlite_url: str, tmp_path: Path) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    page = (ROOT / "docs/operations.md").read_text()
    [script] = [one for one in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "follow" in one]
    script = script.replace("follow", f"follow --after 0 --database {sqlite_url}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["sh", "-c", script],
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": path},
        start_new_session=True,
    ) as shell:
        assert shell.stdout is not None
        found = [shell.stdout.readline().decode() for _ in range(8)]
        os.killpg(shell.pid, signal.SIGKILL)
    assert found[0] == "3\t#small\tbob\thello\n"
    assert found[-1].startswith("18\t#other\t")


def test_duckdb_reads_what_it_has_written_as_the_page_says(sqlite_url: str, tmp_path: Path) -> None:
    two_small_rooms(sqlite_url, tmp_path)
    page = (ROOT / "docs/operations.md").read_text()
    [query] = re.findall(r"`(SELECT [^`]*events\.jsonl[^`]*)`", page)
    with following(sqlite_url, "--jsonl", "--after", 0) as process:
        assert process.stdout is not None
        written = b"".join(process.stdout.readline() for _ in range(20))
    (tmp_path / "events.jsonl").write_bytes(written)
    here = query.replace("events.jsonl", str(tmp_path / "events.jsonl"))
    with duckdb.connect() as connection:
        assert sorted(connection.sql(here).fetchall()) == [("#other", 10), ("#small", 10)]


@pytest.fixture
def plan(sqlite_url: str, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    two_small_rooms(sqlite_url, tmp_path)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        yield connection


def test_a_page_is_read_in_the_order_of_positions_without_sorting(plan: sqlite3.Connection) -> None:
    from sqlalchemy.dialects.sqlite import dialect

    statement = log_pages._NEXT.where(log_pages._OF_ROOMS, log_pages._OF_TYPES)
    values = {"after": 0, "upto": 20, "limit": 5, "rooms": [1], "types": ["chat"]}
    compiled = statement.params(values).compile(
        dialect=dialect(), compile_kwargs={"literal_binds": True}
    )
    steps = [row[3] for row in plan.execute(f"EXPLAIN QUERY PLAN {compiled}")]
    assert len(steps) == 1
    assert "PRIMARY KEY" in steps[0], steps
