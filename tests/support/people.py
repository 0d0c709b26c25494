"""A node in token mode inside the test's process, whose people a header names."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatlog.databases.database import Database
from chatlog.domain.identity import Identity
from chatlog.runtime import Runtime
from chatlog.settings import Settings
from chatlog.web import create_app
from chatlog.web.keys import RUNTIME

HEADER = "X-Identity"

ADA, BOB, EVE = (Identity(f"u-{name}", name) for name in ("ada", "bob", "eve"))
AUDITOR = Identity("u-audit", "auditor", frozenset({"audit"}))
ADMIN = Identity("u-admin", "admin", frozenset({"admin"}))


def _identity(request: web.Request) -> Identity | None:
    given = request.headers.get(HEADER)
    return None if given is None else Identity(**json.loads(given))


def header(identity: Identity) -> dict[str, str]:
    """Return the header that makes a request this person's."""
    told = {
        "subject": identity.subject,
        "name": identity.name,
        "scope": " ".join(identity.scope),
        "rooms": dict(identity.rooms),
    }
    return {HEADER: json.dumps(told)}


class Node:
    """The node and a client of it."""

    def __init__(self, client: TestClient[Any, Any], runtime: Runtime) -> None:
        self.client, self.runtime = client, runtime

    async def get(self, who: Identity, path: str, **headers: str) -> tuple[int, Any]:
        """Return the status and the body of an answer; None as the body of a 304."""
        asked = self.client.get(path, headers=header(who) | headers)
        async with asked as reply:
            text = await reply.text()
            return reply.status, json.loads(text) if text else None

    async def tag(self, who: Identity, path: str) -> str:
        """Return the ETag of an answer."""
        async with self.client.get(path, headers=header(who)) as reply:
            return reply.headers["ETag"]

    async def table(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the log with plain SQL."""
        async with self.runtime.database.read() as connection:
            return [tuple(row) for row in await connection.execute(sa.text(sql))]


@asynccontextmanager
async def people_on(url: str, **settings: Any) -> AsyncIterator[Node]:
    """Run a node in token mode on a database."""
    app = create_app(Settings(database=url, **settings), authenticate=_identity)
    async with TestClient(TestServer(app)) as client:
        yield Node(client, app[RUNTIME])


@contextmanager
def queries_counted(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements, with their values, that a database's readers send to it."""
    sent: list[tuple[str, Any]] = []
    engine = database._reader.sync_engine

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
