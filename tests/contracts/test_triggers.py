"""The database itself refuses to change an event, and still does after every migration."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
import sqlalchemy as sa

from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.databases.sqlite.backend import Sqlite

from .earlier import REVISIONS, make_earlier, write_rows

TABLES = ("events", "rooms", "users")
GROWING = "retention_changes"
DEFAULTS = "retention_defaults"
GROW = (GROWING, DEFAULTS, "revocations")
EVERYWHERE = {f"{table}_no_{what}" for table in (*TABLES, *GROW) for what in ("update", "delete")}
# Of people and what they look at: what only grows, but for what goes with an erased person.
PEOPLE = {f"{table}_no_{what}" for table in ("subjects", "looks") for what in ("update", "delete")}
TRIGGERS = {
    "sqlite": {
        *EVERYWHERE,
        *PEOPLE,
        "events_in_order",
        *(f"{table}_no_replace" for table in ("rooms", "users", "subjects", "looks", *GROW)),
    },
    "postgresql": {
        *EVERYWHERE,
        *PEOPLE,
        "events_in_order",
        *(f"{table}_no_truncate" for table in (*TABLES, "subjects", "looks", *GROW)),
    },
}

COLUMNS = (
    "position, room_id, seq, at, type, version, user_id, node_id, hash, text_commitment, "
    "text_salt, text"
)
FORGED = "'2025-01-06T00:00:02.000000Z', 'chat', 1, 1, 1, '', '', '', 'forged'"
REFUSED = (
    "UPDATE events SET text = 'forged' WHERE position = 2",
    "UPDATE events SET text = NULL WHERE position = 2",  # the salt has to go with it
    "UPDATE events SET text_salt = NULL WHERE position = 2",
    "UPDATE events SET contents = NULL WHERE position = 2",
    "UPDATE events SET contents = '{}' WHERE position = 2",
    "UPDATE events SET text = NULL, text_salt = NULL, contents = '{}' WHERE position = 2",
    "UPDATE events SET at = '2025-01-06T00:00:03.000000Z'",
    "UPDATE events SET seq = seq + 10",
    "UPDATE events SET position = position + 10",
    "UPDATE events SET hash = NULL, text = NULL, text_salt = NULL",
    "UPDATE events SET type = 'join', text = NULL, text_salt = NULL WHERE position = 2",
    "DELETE FROM events",
    "DELETE FROM events WHERE position = 2",
    f"INSERT INTO events ({COLUMNS}) VALUES (2, 1, 2, {FORGED})",
    f"INSERT INTO events ({COLUMNS}) VALUES (3, 1, 4, {FORGED})",
    f"INSERT INTO events ({COLUMNS}) VALUES (4, 1, 3, {FORGED})",
    f"INSERT INTO events ({COLUMNS}) VALUES (-1, 1, 3, {FORGED})",
    f"""INSERT INTO events ({COLUMNS}) VALUES (2, 1, 2, {FORGED})
        ON CONFLICT (position) DO UPDATE SET text = excluded.text""",
    "UPDATE users SET username = 'eve'",
    "UPDATE users SET username = NULL",
    "UPDATE users SET uuid = 'x', username = NULL, salt = NULL, name_key = NULL",
    "DELETE FROM users",
    "UPDATE rooms SET room = 'other'",
    "DELETE FROM rooms",
)
ONLY = {
    "sqlite": (
        f"INSERT OR REPLACE INTO events ({COLUMNS}) VALUES (2, 1, 2, {FORGED})",
        f"REPLACE INTO events ({COLUMNS}) VALUES (9, 1, 2, {FORGED})",
        "UPDATE OR REPLACE events SET position = 1 WHERE position = 2",
        "REPLACE INTO rooms VALUES (1, 'r1', 'other')",
        "REPLACE INTO rooms VALUES (2, 'r2', 'general')",
        "REPLACE INTO users VALUES (1, 'u1', 'eve', '', '', '')",
        "REPLACE INTO users VALUES (2, 'u1', 'eve', '', '', '')",
    ),
    "postgresql": (
        "TRUNCATE events",
        "TRUNCATE rooms CASCADE",
        "TRUNCATE users CASCADE",
        """MERGE INTO events USING (SELECT 2 AS n) AS one ON position = n
            WHEN MATCHED THEN UPDATE SET text = 'forged'""",
        "MERGE INTO events USING (SELECT 2 AS n) AS one ON position = n WHEN MATCHED THEN DELETE",
    ),
}


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, readers=1)
    try:
        yield database
    finally:
        await database.dispose()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.fixture
async def empty_database(empty_database_url: str) -> AsyncIterator[Database]:
    async with opened(empty_database_url) as database:
        yield database


async def in_every_table(database: Database, when: str = "") -> list[Any]:
    """Every row with what it holds; columns that a migration adds are empty.

    ``when`` makes the statement another one: asyncpg keeps the columns of one that it knows.
    """
    found = []
    async with database.read() as connection:
        for table in TABLES:
            select = sa.text(f"SELECT * FROM {table} ORDER BY 1 -- {when}")
            rows = [row._asdict() for row in await connection.execute(select)]
            found.append([{k: v for k, v in row.items() if v is not None} for row in rows])
    return found


async def attempt(database: Database, statement: str) -> None:
    """Run a statement as anybody would who has the file or the password."""
    if isinstance(database.backend, Sqlite):
        # Plain, as `sqlite3 chatlog.db` opens it: without the pragmas of the server.
        with closing(sqlite3.connect(database.backend.path)) as plain, plain:
            plain.execute(statement)
        return
    async with database.write() as connection, connection.begin():
        await connection.execute(sa.text(statement))


async def triggers(database: Database) -> set[str]:
    listed = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'",
    }
    async with database.read() as connection:
        found = await connection.execute(sa.text(listed[database.backend.name]))
        return set(found.scalars())


async def refuses_everything(database: Database) -> None:
    before = await in_every_table(database)
    for statement in (*REFUSED, *ONLY[database.backend.name]):
        with pytest.raises((sa.exc.DBAPIError, sqlite3.Error)):
            await attempt(database, statement)
        assert await in_every_table(database) == before, statement


async def test_every_trigger_is_there_after_migrating_an_empty_database(
    empty_database: Database,
) -> None:
    await migrate(empty_database)
    assert await triggers(empty_database) == TRIGGERS[empty_database.backend.name]


async def test_events_rooms_and_users_are_not_changed_by_any_sql(database: Database) -> None:
    async with database.write() as connection, connection.begin():
        await write_rows(connection)
    await refuses_everything(database)


ERASE = (
    "UPDATE events SET text = NULL, text_salt = NULL WHERE position = 2",
    "UPDATE users SET username = NULL, salt = NULL, name_key = NULL",
)
RESTORE = (
    "UPDATE events SET text = 'hello', text_salt = text_commitment WHERE position = 2",
    "UPDATE events SET contents = '{}' WHERE position = 2",
    "UPDATE users SET username = 'ada', salt = commitment, name_key = commitment",
)


async def test_content_can_be_erased_and_never_put_back(database: Database) -> None:
    async with database.write() as connection, connection.begin():
        await write_rows(connection)
    for statement in ERASE:
        await attempt(database, statement)
    [_, chat], _, [user] = erased = await in_every_table(database)
    assert "hello" not in chat.values()
    assert "ada" not in user.values()
    for statement in RESTORE:
        with pytest.raises((sa.exc.DBAPIError, sqlite3.Error)):
            await attempt(database, statement)
    assert await in_every_table(database) == erased


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_any_revision_keeps_its_rows_and_triggers_when_migrated(
    revision: str, empty_database: Database
) -> None:
    await make_earlier(empty_database, revision)
    before = await in_every_table(empty_database, "before")
    await migrate(empty_database)
    assert await in_every_table(empty_database, "after") == before
    assert await triggers(empty_database) == TRIGGERS[empty_database.backend.name]
    await refuses_everything(empty_database)


SET_RULE = f"""INSERT INTO {GROWING} (id, room_id, at, days, names, "by")
    VALUES ({{}}, 1, '2026-01-01T00:00:00.000000Z', {{}}, true, 'eve')"""
RULE_REFUSED = (
    f"UPDATE {GROWING} SET \"by\" = 'ada'",
    f"UPDATE {GROWING} SET days = NULL",
    f"DELETE FROM {GROWING}",
    SET_RULE.format(1, 99),
)
RULE_ONLY = {
    "sqlite": SET_RULE.format(1, 99).replace("INSERT", "INSERT OR REPLACE"),
    "postgresql": f"TRUNCATE {GROWING}",
}


async def test_who_set_a_rule_of_retention_is_added_and_never_changed(database: Database) -> None:
    async with database.write() as connection, connection.begin():
        await write_rows(connection)
    await attempt(database, SET_RULE.format(1, 30))
    await attempt(database, SET_RULE.format(2, "NULL"))
    for statement in (*RULE_REFUSED, RULE_ONLY[database.backend.name]):
        with pytest.raises((sa.exc.DBAPIError, sqlite3.Error)):
            await attempt(database, statement)
    async with database.read() as connection:
        found = await connection.execute(sa.text('SELECT days, "by" FROM audit_retention'))
        assert sorted(map(tuple, found), key=str) == [(30, "eve"), (None, "eve")]


SET_DEFAULT = f"""INSERT INTO {DEFAULTS} (id, at, days, names, "by")
    VALUES ({{}}, '2026-01-01T00:00:00.000000Z', {{}}, true, 'eve')"""
DEFAULT_REFUSED = (
    f"UPDATE {DEFAULTS} SET days = NULL",
    f"DELETE FROM {DEFAULTS}",
    SET_DEFAULT.format(1, 99),
)
DEFAULT_ONLY = {
    "sqlite": SET_DEFAULT.format(1, 99).replace("INSERT", "INSERT OR REPLACE"),
    "postgresql": f"TRUNCATE {DEFAULTS}",
}


async def test_who_set_the_default_of_retention_is_added_and_never_changed(
    database: Database,
) -> None:
    await attempt(database, SET_DEFAULT.format(1, 30))
    for statement in (*DEFAULT_REFUSED, DEFAULT_ONLY[database.backend.name]):
        with pytest.raises((sa.exc.DBAPIError, sqlite3.Error)):
            await attempt(database, statement)
    async with database.read() as connection:
        found = await connection.execute(sa.text("SELECT room, days FROM audit_retention"))
        assert list(map(tuple, found)) == [(None, 30)]
