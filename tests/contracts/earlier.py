"""A database as an earlier chatlog left it: of some revision, with a little of everything in it.

The rows are those of revision 0001, in plain SQL: a later program could not write them.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases import revisions
from chatlog.databases.database import Database
from chatlog.databases.postgres.statements import SCHEMA

REVISIONS: Final = [
    script.revision
    for script in reversed(list(ScriptDirectory.from_config(revisions._config()).walk_revisions()))
]

_T = "'2025-01-06T00:00:0{}.000000Z'"
_ROWS: Final = (
    f"""INSERT INTO nodes (id, node, name, started_at, seen_at) VALUES (1, 'n.1', 'n',
        {_T.format(0)}, {_T.format(9)})""",
    "INSERT INTO rooms VALUES (1, 'r1', 'general')",
    """INSERT INTO users (id, uuid, username, salt, commitment, name_key)
        VALUES (1, 'u1', 'ada', :blob, :blob, :blob)""",
    f"""INSERT INTO events (position, room_id, seq, at, type, version, user_id, node_id, session,
        sessions, replay_from, hash) VALUES (1, 1, 1, {_T.format(1)}, 'join', 1, 1, 1, 's1', 1, 1,
        :blob)""",
    f"""INSERT INTO events (position, room_id, seq, at, type, version, user_id, node_id, session,
        client_id, hash, text_commitment, text_salt, text) VALUES (2, 1, 2, {_T.format(2)}, 'chat',
        1, 1, 1, 's1', 'c1', :blob, :blob, :blob, 'hello')""",
    f"""INSERT INTO sessions VALUES ('s1', 1, 1, 1, 1, {_T.format(1)}, 1, NULL, NULL, NULL,
        NULL)""",
)


async def make_earlier(database: Database, revision: str) -> None:
    """Bring an empty database to a revision and write a few rows."""
    async with database.write() as connection, connection.begin():
        if database.backend.name == "postgresql":
            await connection.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
        await upgrade(connection, revision)
        await write_rows(connection)


async def upgrade(connection: AsyncConnection, revision: str) -> None:
    """Run the migrations up to a revision."""
    await connection.run_sync(lambda sync: command.upgrade(revisions._config(sync), revision))


async def write_rows(connection: AsyncConnection) -> None:
    """Write a room, a user, a node, an open session, its join and a chat."""
    for row in _ROWS:
        await connection.execute(sa.text(row), {"blob": b"12345678"} if ":blob" in row else {})
