"""PostgreSQL keeps no copies of erasable values in its statistics, where erasing leaves them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import sqlalchemy as sa

from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from tests.support.logbook import open_log
from tests.support.postgres import fresh_database, running_postgres

from .earlier import make_earlier, upgrade

ERASABLE: Final = {
    ("events", "text"),
    ("events", "text_salt"),
    ("events", "contents"),
    ("users", "username"),
    ("users", "salt"),
    ("users", "name_key"),
    ("subjects", "subject"),
    ("subjects", "salt"),
    ("subjects", "subject_key"),
}
KEPT_BESIDE: Final = {
    ("skeleton_keys", "skeleton_key"),
    ("webhooks", "url"),
    ("webhooks", "secret"),
    ("webhooks", "former_secret"),
}
"""Made from content, and deleted with it; and secrets."""
HELD: Final = "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'chatlog'"
VIEWS: Final = (
    "SELECT relname, relacl::text, pg_get_viewdef(oid) FROM pg_class "
    "WHERE relkind = 'v' AND relnamespace = 'chatlog'::regnamespace ORDER BY relname"
)
TRIGGERS: Final = (
    "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE NOT tgisinternal ORDER BY tgname, tgrelid"
)

UPDATES: Final = (
    "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE tgname LIKE '%\\_no\\_update'"
)


@pytest.fixture(params=[16, 18])
def url_of_version(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of a server that has, or has not, a function to clear statistics."""
    with running_postgres(request.param) as server, fresh_database(server) as url:
        yield url


async def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.exec_driver_sql(sql)]


async def run(database: Database, *statements: str) -> None:
    async with database.write() as connection, connection.begin():
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def test_nothing_that_can_be_erased_comes_into_the_statistics(postgres_url: str) -> None:
    async with open_log(postgres_url) as log:
        for name in ("ada", "bob", "eve"):
            await log.join("general", name)
        await log.database.after_bulk()
        held = set(await rows(log.database, HELD))
        assert ("events", "seq") in held
        assert not held & ERASABLE


async def test_every_column_that_the_database_lets_be_emptied_keeps_no_statistics(
    postgres_url: str,
) -> None:
    async with open_log(postgres_url) as log:
        emptied = {
            (table, column)
            for table, trigger in await rows(log.database, UPDATES)
            for column in re.findall(r"new\.(\w+) IS NULL", trigger)
        }
        assert emptied == ERASABLE
        kept = await rows(
            log.database,
            "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attstattarget = 0",
        )
        assert set(kept) == ERASABLE | KEPT_BESIDE


async def test_a_migration_removes_the_values_that_were_in_the_statistics(
    url_of_version: str,
) -> None:
    database = Database(url_of_version)
    try:
        await make_earlier(database, "0007")
        await run(
            database,
            "INSERT INTO users SELECT i, 'u' || i, 'name' || i, 'salt', 'c', 'key' "
            "FROM generate_series(2, 90) AS i",
            "CREATE VIEW public.mine AS SELECT text, username FROM chatlog.events, chatlog.users",
            "GRANT SELECT ON audit_events TO PUBLIC",
            "ANALYZE events, users",
        )
        assert set(await rows(database, HELD)) & ERASABLE
        before = await rows(database, VIEWS), await rows(database, TRIGGERS)
        await run(database, "UPDATE nodes SET ended_at = seen_at")
        async with database.write() as connection, connection.begin():
            await upgrade(connection, "0008")
        assert not set(await rows(database, HELD)) & ERASABLE
        assert (await rows(database, VIEWS), await rows(database, TRIGGERS)) == before
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            await run(database, "UPDATE events SET text = 'other' WHERE text IS NOT NULL")
    finally:
        await database.dispose()


async def test_a_view_that_cannot_be_put_aside_is_named_in_the_log(
    url_of_version: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(url_of_version)
    try:
        await make_earlier(database, "0007")
        await run(
            database,
            "CREATE MATERIALIZED VIEW public.copied AS SELECT text FROM chatlog.events",
            "ANALYZE events, users",
            "UPDATE nodes SET ended_at = seen_at",
        )
        await migrate(database)
        left = set(await rows(database, HELD)) & ERASABLE
        assert ("superuser removes them" in caplog.text) == bool(left)
    finally:
        await database.dispose()
