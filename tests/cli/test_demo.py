"""``chatlog demo``: a newcomer sees people at once, and a past with a crash in it."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatlog.domain.names import check_message, check_room, check_username
from chatlog.operations.arguments import limits_of
from chatlog.operations.demo.plan import CRASH, RESTART, plan
from chatlog.operations.demo.texts import QUIET, rooms
from chatlog.settings import Settings
from tests.cli.command import chatlog, lines
from tests.support.demo import demo

ROOMS = ["classroom", "support", "trading-desk"]
LIVE_SECONDS = 20.0


async def live_types(url: str, wanted: set[str]) -> set[str]:
    """Listen in a room, sending nothing but a join, until events of these types came live."""
    seen: set[str] = set()
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/ws") as socket,
        asyncio.timeout(LIVE_SECONDS),
    ):
        await socket.send_json({"type": "join", "room": "support", "username": "me", "backlog": 0})
        while (await socket.receive_json())["type"] != "caught_up":
            pass
        while not wanted <= seen:
            seen.add((await socket.receive_json())["type"])
    return seen


async def get(url: str) -> Any:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 200
        return await answer.json()


async def test_a_newcomer_sees_three_rooms_and_people_who_come_and_talk(tmp_path: Path) -> None:
    async with demo(tmp_path, "--speed", "4") as running:
        assert f"{running.url}/#/support\n" in running.said
        assert f"{running.url}/audit?room=support\n" in running.said
        found = (await get(f"{running.url}/api/rooms"))["rooms"]
        assert [room["room"] for room in found] == ROOMS
        assert all(room["head"] > 100 for room in found)
        await live_types(running.url, {"chat", "notification"})
        # Its socket has a folder beside it where the path would be too long for one.
        assert "chatlog-demo-" in [path.name[:13] for path in tmp_path.iterdir()]
        assert await running.stop() == 0
    assert list(tmp_path.iterdir()) == []


async def keep(folder: Path) -> Path:
    file = folder / "kept.db"
    async with demo(folder, "--keep", str(file)) as running:
        assert await running.stop() == 0
    return file


def test_the_past_has_a_crash_and_an_erased_message_and_verifies(tmp_path: Path) -> None:
    file = asyncio.run(keep(tmp_path))
    database = ("--database", f"sqlite:///{file}")
    assert chatlog("verify", *database).exit_code == 0
    for room in ROOMS:
        events = lines("history", room, "--limit", 10_000, *database)
        lapsed = [event for event in events if event.get("cause") == "lapsed"]
        assert lapsed, room
        assert all(event["last_seen_at"] < event["at"] < events[-1]["at"] for event in lapsed)
        assert [event for event in events if event["type"] == "session"], room
        assert lines("users", room, *database) == []
    (crash,) = lines("sql", "when-servers-died", *database)
    assert (crash["rooms"], crash["last_seen"] < crash["noticed"]) == (3, True)
    history = lines("history", "support", "--limit", 10_000, *database)
    erased = [event["seq"] for event in history if event.get("erased")]
    assert len(erased) == 1
    assert [event["of"] for event in history if event["type"] == "erasure"] == [erased]
    assert b"4929 1187" not in file.read_bytes()


def test_it_writes_over_no_log_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "mine.db"
    file.write_bytes(b"precious")
    assert chatlog("demo", "--keep", file, status=2).stderr.count("exists") == 1
    assert file.read_bytes() == b"precious"


def test_every_line_and_name_is_one_that_the_server_takes() -> None:
    limits = limits_of(Settings())
    for texts in rooms():
        check_room(texts.room, limits)
        said = [line for exchange in texts.exchanges for line in exchange]
        assert len(said) > 50
        for line in said:
            check_username(line.name, limits)
            check_message(line.message, limits)
            assert line.name not in QUIET
        assert not any(line.is_erased for exchange in texts.present for line in exchange)


def test_the_same_seed_is_the_same_day() -> None:
    assert plan(rooms(), random.Random(7)) == plan(rooms(), random.Random(7))
    assert plan(rooms(), random.Random(7)) != plan(rooms(), random.Random(8))


@pytest.mark.parametrize("seed", range(20))
def test_whoever_speaks_is_there_and_nobody_is_while_the_server_is_down(seed: int) -> None:
    day = plan(rooms(), random.Random(seed))
    assert not [session for session in day.sessions if CRASH <= session.begin < RESTART]
    assert all(session.begin < session.end for session in day.sessions)
    assert len({session.session for session in day.sessions}) == len(day.sessions)
    for said in day.said:
        assert said.at < 0
        assert not CRASH <= said.at <= RESTART
        assert any(
            (session.room, session.name) == (said.room, said.line.name)
            and session.begin < said.at < session.end
            for session in day.sessions
        ), said
