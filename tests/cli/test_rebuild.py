"""Rebuild says whether the sessions table is the fold of the events, and makes it so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cli.command import chatlog, refused
from tests.support.damage import change, two_small_rooms
from tests.support.nodes import LocalClient, node_on


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> str:
    return two_small_rooms(database_url, tmp_path)


def test_a_table_that_is_right_is_left_alone(database: str) -> None:
    said = chatlog("rebuild", "--database", database).stdout
    assert said == "The sessions table agrees with the events.\n"


WRONGS = (
    "DELETE FROM sessions",
    "DELETE FROM sessions WHERE room_id = 2",
    "UPDATE sessions SET left_seq = NULL WHERE room_id = 1",
    "UPDATE sessions SET joined_at = '2006-12-10T09:13:00.000000Z' WHERE left_seq = 5",
    "UPDATE sessions SET room_id = 1000 WHERE room_id = 2 AND left_seq = 5",
)


@pytest.mark.parametrize("wrong", WRONGS)
def test_a_table_that_differs_is_replaced_and_status_1(database: str, wrong: str) -> None:
    assert change(database, wrong) >= 1
    chatlog("verify", "--database", database, status=1)
    said = chatlog("rebuild", "--database", database, status=1)
    assert len(said.stderr.splitlines()) == 1
    assert "#" in said.stdout
    chatlog("rebuild", "--database", database)
    chatlog("verify", "--database", database)


async def test_it_needs_the_server_stopped(database_url: str) -> None:
    async with node_on(database_url) as node:
        await LocalClient(node).join("#small")
        said = await asyncio.to_thread(refused, "rebuild", "--database", database_url)
    assert "Stop it first" in said
