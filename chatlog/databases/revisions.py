"""The revisions of the schema: which one a database has, and the way to the newest."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.domain.errors import LogError

VERSION_TABLE: Final = "schema_version"

_PACKAGE: Final = Path(__file__).resolve().parent.parent
# The migrations are in the installed package, otherwise beside it. This is checked once, because
# reading the disk blocks a running event loop.
_CHECKED_OUT: Final = (_PACKAGE.parent / "pyproject.toml").exists()
_HOME: Final = _PACKAGE.parent if _CHECKED_OUT else _PACKAGE


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config(_HOME / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the revision that this program works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


async def revision_of(connection: AsyncConnection) -> str | None:
    """Return the database's revision; None if it has no chatlog tables."""

    def look(sync: sa.Connection) -> str | None:
        options = {"version_table": VERSION_TABLE}
        return MigrationContext.configure(sync, opts=options).get_current_revision()

    return await connection.run_sync(look)


async def known_revision(connection: AsyncConnection) -> str | None:
    """Return the database's revision.

    Raises:
        LogError: if this program does not know it.
    """
    revision = await revision_of(connection)
    if revision is not None and revision not in await asyncio.to_thread(_known_revisions):
        raise LogError(f"The database is at revision {revision}: a newer chatlog wrote it.")
    return revision


def _known_revisions() -> set[str]:
    scripts = ScriptDirectory.from_config(_config())
    return {script.revision for script in scripts.walk_revisions()}


async def upgrade(connection: AsyncConnection) -> None:
    """Run all migrations that the database has not had, in the caller's transaction."""
    await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))
