"""On PostgreSQL the views have plain names, and an auditor's role can read nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest

from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from docs import render
from tests.support.command import chatlog

VIEWS = ("events", "messages", "sessions", "presence", "witnesses", "activity", "erasures")
PEOPLE = ("retention", "nodes", "members", "rooms", "removals", "looks")


async def migrated(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.dispose()


async def test_a_fresh_connection_reaches_the_views_by_their_plain_names(
    empty_postgres_url: str,
) -> None:
    await migrated(empty_postgres_url)
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        for view in (*VIEWS, *PEOPLE):
            assert await connection.fetch(f"SELECT * FROM audit_{view}") == []
        path = await connection.fetchval("SHOW search_path")
        assert path == '"$user", public, chatlog'
    finally:
        await connection.close()


async def test_a_role_s_own_search_path_is_kept_in_front(empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute("CREATE SCHEMA theirs")
        await connection.execute(
            f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET search_path = theirs, public"
        )
    finally:
        await connection.close()
    await migrated(empty_postgres_url)
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        assert await connection.fetchval("SHOW search_path") == "theirs, public, chatlog"
        assert await connection.fetch("SELECT * FROM audit_events") == []
    finally:
        await connection.close()


async def test_where_others_have_tables_no_search_path_is_changed_unless_asked_for(
    empty_postgres_url: str,
) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        # One that others use for the same: it is not ours.
        await connection.execute("CREATE TABLE public.schema_version (version text)")
        await connection.execute("CREATE TABLE public.users (email text)")
        ended = await chatlog("migrate", database=empty_postgres_url)
        assert ended.status == 0, ended
        assert "chatlog migrate --search-path postgres" in ended.out
        assert await own_settings(connection) == []
        for role in ("postgres", "postgres"):
            ended = await chatlog("migrate", "--search-path", role, database=empty_postgres_url)
            assert ended.status == 0, ended
        assert await own_settings(connection) == ['search_path="$user", public, chatlog']
        assert await connection.fetch("SELECT * FROM public.schema_version") == []
        ended = await chatlog("migrate", "--search-path", "stranger", database=empty_postgres_url)
        assert (ended.status, "stranger" in ended.err) == (2, True)
    finally:
        await connection.close()


async def own_settings(connection: asyncpg.Connection) -> list[str]:
    """Return what is set for roles in this database."""
    found = await connection.fetch(
        "SELECT unnest(setconfig) AS setting FROM pg_db_role_setting JOIN pg_database AS d "
        "ON d.oid = setdatabase WHERE datname = current_database()"
    )
    return [row["setting"] for row in found]


async def test_tables_in_any_schema_are_somebody_elses(empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    try:
        await connection.execute("CREATE SCHEMA theirs; CREATE TABLE theirs.users (email text)")
        ended = await chatlog("redact", "r", "1", "--reason", "r", database=empty_postgres_url)
        assert (ended.status, "other tables" in ended.err) == (2, True), ended
        assert await own_settings(connection) == []
    finally:
        await connection.close()


async def test_a_sqlite_log_has_no_search_path(sqlite_url: str) -> None:
    ended = await chatlog("migrate", "--search-path", "ada", database=sqlite_url)
    assert (ended.status, ended.err.count("\n")) == (2, 1)


async def test_the_role_of_the_documents_reads_the_views_and_nothing_else(
    postgres_url: str,
) -> None:
    await migrated(postgres_url)
    owner = await asyncpg.connect(postgres_url)
    page = (Path(render.__file__).parent / "audit.md").read_text(encoding="utf-8")
    [grants] = re.findall(r"(    CREATE ROLE auditor.*?)\n\n", page, re.DOTALL)
    database = await owner.fetchval("SELECT current_database()")
    role = f"auditor_{database}"
    try:
        told = grants.replace("DATABASE chat ", f"DATABASE {database} ")
        await owner.execute(re.sub(r"\bauditor\b", role, told).replace("…", "secret"))
        auditor = await asyncpg.connect(postgres_url, user=role, password="secret")
        try:
            for view in (*VIEWS, *PEOPLE):
                assert await auditor.fetch(f"SELECT * FROM audit_{view}") == []
            for table in ("events", "users", "meta", "sessions"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await auditor.fetch(f"SELECT * FROM {table}")
        finally:
            await auditor.close()
    finally:
        await owner.execute(f"DROP OWNED BY {role}")
        await owner.execute(f"DROP ROLE {role}")
        await owner.close()
