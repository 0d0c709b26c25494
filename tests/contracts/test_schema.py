"""The migrations make what ``databases/schema/`` says, and the views beside it."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from chatlog.databases.database import Database
from chatlog.databases.migrate import migrate
from chatlog.databases.revisions import VERSION_TABLE
from chatlog.databases.schema import metadata

VIEWS = {
    "audit_events": (
        "position room seq at type username session id message cause erased subject via of"
    ),
    "audit_messages": "position room seq at username message erased subject",
    "audit_sessions": (
        "session room username node joined_seq joined_at left_seq left_at seconds cause "
        "certain_until subject"
    ),
    "audit_nodes": "node started_at seen_at ended_at uncertain_after",
    "audit_presence": "room username sessions since_seq since subject",
    "audit_witnesses": "room seq session username joined_seq left_seq certainty",
    "audit_activity": "room hour chats joins leaves users",
    "audit_erasures": "at room seq username by reason position",
    "audit_retention": "room at days names by",
    "audit_members": "room seq at subject username role until by reason",
    "audit_rooms": "room seq at access history locked topic subject username",
    "audit_removals": "room seq at subject username session by reason",
    "audit_looks": "at subject username what room seq",
    "audit_visitors": "room username sessions first_joined last_seen has_spoken subject",
}


@pytest.fixture
async def migrated(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    try:
        await migrate(database)
        yield database
    finally:
        await database.dispose()


async def test_migrating_makes_the_schema_of_the_program(migrated: Database) -> None:
    def compare(connection: sa.Connection) -> object:
        options = {"version_table": VERSION_TABLE, "include_object": _is_comparable}
        with warnings.catch_warnings():
            # SQLAlchemy can't read the expressions of SQLite's indexes.
            for said in ("Skipped unsupported reflection of", "autogenerate skipping metadata"):
                warnings.filterwarnings("ignore", said)
            return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with migrated.read() as connection:
        assert await connection.run_sync(compare) == []


def _is_comparable(_item: object, name: str, kind: str, _found: bool, _other: object) -> bool:
    # PostgreSQL writes expressions in its own words; that they are used is tested with the views.
    return kind != "index" or name not in {"rooms_by_name", "sessions_replay", "sessions_stay"}


async def test_migrating_makes_every_index_of_the_program(migrated: Database) -> None:
    async with migrated.read() as connection:
        if migrated.backend.name == "sqlite":
            listed = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        else:
            listed = (
                "SELECT indexname FROM pg_indexes WHERE schemaname = 'chatlog' AND indexname "
                "NOT IN (SELECT conname FROM pg_constraint)"
            )
        made = set((await connection.execute(sa.text(listed))).scalars())
    declared = {
        index.name
        for table in metadata.tables.values()
        for index in table.indexes
        if _is_made(index, migrated.backend.name)
    }
    assert made == declared


def _is_made(index: sa.Index, dialect: str) -> bool:
    rule = index._ddl_if
    return rule is None or rule.dialect in {None, dialect}


async def test_the_views_have_the_columns_of_the_contract(migrated: Database) -> None:
    async with migrated.read() as connection:
        views = set(await connection.run_sync(lambda sync: sa.inspect(sync).get_view_names()))
        assert views == set(VIEWS)
        for view, columns in VIEWS.items():
            found = await connection.execute(sa.text(f"SELECT * FROM {view}"))
            assert list(found.keys()) == columns.split(), view
