"""The benchmark of growth measures what it says, on a small log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.growth.indexes import microseconds_per_insert
from bench.growth.logs import growing
from bench.growth.questions import AUDITED, audited, largest_and_quiet
from bench.growth.sizes import bytes_per_event
from bench.histories.story import Story
from bench.make_log import make_log


@pytest.fixture
async def log(tmp_path: Path) -> Path:
    """Make a log of 10,000 events, as the benchmark does."""
    path = tmp_path / "log.db"
    await make_log(f"sqlite:///{path}", growing(10_000))
    return path


def test_nobody_is_left_where_the_last_server_has_stopped() -> None:
    story = Story(growing(2_000))
    *_, last = story.events()
    assert last[4] == "leave"
    assert all(node.ended_at is not None for node in story.nodes)
    assert all(session[7] is not None for session in story.sessions)  # the seq of its leave

    still_running = Story(replace(growing(2_000), stops=False))
    list(still_running.events())
    assert still_running.nodes[-1].ended_at is None


async def test_the_bytes_of_all_tables_and_indexes_are_those_of_the_file(log: Path) -> None:
    found = await bytes_per_event(f"sqlite:///{log}")
    with closing(sqlite3.connect(log)) as connection:
        [events] = connection.execute("SELECT count(*) FROM events").fetchone()
        [free] = connection.execute("PRAGMA freelist_count").fetchone()
        [page] = connection.execute("PRAGMA page_size").fetchone()
    assert sum(found.values()) * events == pytest.approx(log.stat().st_size - free * page)


async def test_every_index_that_no_trigger_needs_has_its_cost(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection:
        listed = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        of_both = f"{listed} AND tbl_name IN ('events', 'sessions')"
        indexes = {name for (name,) in connection.execute(of_both)}
    needed = {"events_room_seq", "events_client_id"}
    assert microseconds_per_insert(log).keys() == indexes - needed | {"events", "sessions"}


async def test_auditors_ask_about_the_largest_room(log: Path) -> None:
    database = f"sqlite:///{log}"
    room, head, quiet = await largest_and_quiet(database)
    assert (room, head > 1_000, len(quiet)) == ("general", True, 20)
    assert (await audited(database)).keys() == AUDITED.keys()
