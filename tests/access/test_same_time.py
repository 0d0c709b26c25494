"""A stranger's question costs as much for a private room of any size as for none.

Not the time is compared, which a busy machine makes up, but what takes it: the statements that
the server sends, the rows it gets, and what the database does for them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from typing import Any, NamedTuple

import aiohttp
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.sqlite.backend import Sqlite
from chatlog.kinds.creation import Create
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.kinds.room import Configure
from tests.support.people import ADA, EVE, Node, header, people_on

from .people import NOBODY
from .test_private_rooms import COMMANDS, REQUESTS

LARGE, SMALL = "~" + "l" * 22, "~" + "s" * 22
MANY = 400
WORK = {"sqlite": 100, "postgresql": 12}
"""Steps of SQLite's machine, and pages of PostgreSQL's, that it may take to find a row or none."""


class Cost(NamedTuple):
    """What a question made the server read: statements in their order, rows, and work."""

    statements: tuple[str, ...]
    rows: int
    work: int


async def fill(node: Node) -> None:
    """Make the rooms; the stranger is known to the log, from another one."""
    append = node.runtime.committer.append
    members = tuple((f"u-{number}", "member") for number in range(MANY))
    await append(Create(LARGE, ADA, "private", "since_member", members=members))  # type: ignore[arg-type]
    await asyncio.gather(
        *(append(Configure(LARGE, ADA, topic=f"topic {number}")) for number in range(MANY))
    )
    await append(Create(SMALL, ADA, "private"))
    await append(Create("town", ADA))
    await append(Join("town", "s", "eve", backlog=0, author=EVE))
    await append(Leave("town", "s", "left"))
    await node.runtime.database.after_bulk()


@contextmanager
def noted(node: Node) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that any connection sends, but those of the background's tasks."""
    sent: list[tuple[str, Any]] = []
    background = node.runtime.tasks.failures.keys() - {"committer"}

    def note(_c: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        if task.get_name() not in background and not sql.startswith("BEGIN"):
            sent.append((sql, values))

    with ExitStack() as stack:
        for engine in (node.runtime.database._reader, node.runtime.database._writer):
            stack.enter_context(listening(engine.sync_engine, note))
        yield sent


@contextmanager
def listening(engine: sa.Engine, note: Any) -> Iterator[None]:
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def cost(node: Node, sent: list[tuple[str, Any]]) -> Cost:
    """Run the statements again and measure them."""
    rows = work = 0
    database = node.runtime.database
    async with database.read() as connection:
        for sql, values in sent:
            if isinstance(database.backend, Sqlite):
                one = steps(str(database.backend.path), sql, values)
            else:
                one = await pages(connection, sql, values)
            rows, work = rows + one[0], work + one[1]
    return Cost(tuple(sql for sql, _ in sent), rows, work)


def steps(path: str, sql: str, values: Any) -> tuple[int, int]:
    """Return a statement's rows, and the steps that SQLite's virtual machine takes for them."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(step, 1)
        return len(connection.execute(sql, values).fetchall()), taken


async def pages(connection: AsyncConnection, sql: str, values: Any) -> tuple[int, int]:
    """Return a statement's rows, and the pages that PostgreSQL looks at for them."""
    explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}"
    plan = (await connection.exec_driver_sql(explain, values)).scalar_one()[0]["Plan"]
    return round(plan["Actual Rows"]), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


Costs = dict[str, dict[str, Cost]]
"""By question and room."""


async def costs(node: Node) -> Costs:
    found: Costs = {}
    async with node.client.ws_connect("/ws", headers=header(EVE)) as socket:
        await socket.receive_json()
        for room in (LARGE, SMALL, NOBODY):
            for type, fields in COMMANDS:
                with noted(node) as sent:
                    await socket.send_json({"type": type, "room": room, "id": "1", **fields})
                    assert (await socket.receive_json())["code"] in ("room_unknown", "not_joined")
                found.setdefault(f"{type} {fields}", {})[room] = await cost(node, sent)
            for method, path, body in REQUESTS:
                with noted(node) as sent:
                    async with request(node, method, room + path, body) as status:
                        assert status in (400, 403, 404)
                found.setdefault(f"{method} {path} {body}", {})[room] = await cost(node, sent)
    return found


@asynccontextmanager
async def request(node: Node, method: str, path: str, body: Any) -> AsyncIterator[int]:
    asked: Any = node.client.request(method, f"/api/rooms/{path}", json=body, headers=header(EVE))
    async with asked as reply:
        assert isinstance(reply, aiohttp.ClientResponse)
        await reply.read()
        yield reply.status


@pytest.mark.parametrize("is_fresh", [False, True], ids=["the node that wrote it", "another node"])
async def test_a_stranger_s_question_costs_the_same_whatever_the_room(
    database_url: str, is_fresh: bool
) -> None:
    settings = {"poll_seconds": 30.0, "lease_seconds": 600.0, "probe_seconds": 600.0}
    async with people_on(database_url, **settings) as node:
        await fill(node)
        if not is_fresh:
            found = await costs(node)
    if is_fresh:
        async with people_on(database_url, **settings) as node:
            found = await costs(node)
    most = WORK[database_url.partition(":")[0]]
    for question, of_rooms in found.items():
        none = of_rooms[NOBODY]
        for room in (LARGE, SMALL):
            one = of_rooms[room]
            assert one.statements == none.statements, (question, room)
            assert one.rows == none.rows, (question, room)
            assert abs(one.work - none.work) <= most, (question, room, one.work, none.work)
    assert any(of_rooms[NOBODY].work for of_rooms in found.values())
