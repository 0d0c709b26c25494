"""Long pages of a room are read with few columns, and what their events share is read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatlog.audit.paging.room_rows import Shared
from chatlog.audit.verification.stored_rows import BEFORE_ALL, read_rows
from chatlog.cli.options import run
from chatlog.databases.opening import open_for_reading
from tests.support.damage import two_small_rooms
from tests.support.people import queries_counted


@pytest.fixture
def log(sqlite_url: str, tmp_path: Path) -> str:
    return two_small_rooms(sqlite_url, tmp_path)


async def _pages(url: str) -> list[tuple[int, int]]:
    """Return for each page how many statements it took, and how many of them read people."""
    counts: list[tuple[int, int]] = []
    shared, after = Shared(), BEFORE_ALL
    async with open_for_reading(url) as database, database.read() as connection:
        while True:
            with queries_counted(database) as sent:
                page = await read_rows(connection, database.backend, 1, after, shared, limit=4)
            if not page:
                return counts
            asked = [statement for statement, _ in sent if "FROM users" in statement]
            counts.append((len(sent), len(asked)))
            assert {row.user_id for row in page} <= shared.people.keys()
            after = page[-1].seq


def test_people_are_read_with_the_first_page_that_has_them(log: str) -> None:
    counts = run(_pages(log))
    assert counts[0] == (4, 1)  # the events, the room, the servers, the people
    assert counts[-1] == (3, 0)  # everybody in the room is known
