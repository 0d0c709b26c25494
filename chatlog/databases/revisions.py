"""The revisions of the schema: which one a database has, and the way to the newest.

A migration with ``shared = True`` in its module leaves everything that earlier programs use as it
was: it only adds nullable columns, tables, indexes or views. Servers of the previous revision may
live beside it, and start on its result. So each upgrade records in the database the oldest
revision whose programs it still serves.
"""

from __future__ import annotations

import asyncio
from functools import cache
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

_SERVES_FROM: Final = sa.table(VERSION_TABLE, sa.column("serves_from"))
_PACKAGE: Final = Path(__file__).resolve().parent.parent
# The migrations are in the installed package, otherwise beside it. This is checked once, because
# reading the disk blocks a running event loop.
_CHECKED_OUT: Final = (_PACKAGE.parent / "pyproject.toml").exists()
_HOME: Final = _PACKAGE.parent if _CHECKED_OUT else _PACKAGE


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config(_HOME / "alembic.ini")
    config.attributes["connection"] = connection
    return config


class NewerRevision(LogError):
    """A newer program wrote the database, and this one may not serve it."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at revision {revision}: a newer chatlog wrote it. "
            "Use that version, or restore a backup."
        )


@cache
def _migrations() -> tuple[tuple[str, bool], ...]:
    """Return the revision of each migration and whether it is shared, the newest first."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple((one.revision, getattr(one.module, "shared", False)) for one in scripts)


def newest_revision() -> str:
    """Return the revision that this program works with."""
    return _migrations()[0][0]


def is_older(revision: str) -> bool:
    """Return whether a revision lacks migrations of this program; they count upwards."""
    return revision < newest_revision()


def is_newer(revision: str) -> bool:
    """Return whether a newer program has made a revision."""
    return revision > newest_revision()


def unshared_after(revision: str) -> str | None:
    """Return the last migration after a revision that servers of before cannot live beside."""
    pending = [one for one, is_shared in _migrations() if one > revision and not is_shared]
    return pending[0] if pending else None


async def revision_of(connection: AsyncConnection) -> str | None:
    """Return the database's revision; None if it has no chatlog tables."""

    def look(sync: sa.Connection) -> str | None:
        options = {"version_table": VERSION_TABLE}
        return MigrationContext.configure(sync, opts=options).get_current_revision()

    return await connection.run_sync(look)


async def served_revision(connection: AsyncConnection) -> str | None:
    """Return the revision of a database that this program may serve, or may migrate.

    A newer one is served if it only adds to what this program uses, and says so.

    Raises:
        NewerRevision: if it does not say so.
    """
    revision = await revision_of(connection)
    known = await asyncio.to_thread(_migrations)
    if revision is not None and revision not in dict(known):
        serves_from = await connection.run_sync(_serves_from) if is_newer(revision) else None
        if serves_from is None or serves_from > newest_revision():
            raise NewerRevision(revision)
    return revision


def _serves_from(connection: sa.Connection) -> str | None:
    columns = {column["name"] for column in sa.inspect(connection).get_columns(VERSION_TABLE)}
    if "serves_from" not in columns:
        return None
    said: str | None = connection.execute(sa.select(_SERVES_FROM)).scalar()
    return said


async def upgrade(connection: AsyncConnection) -> None:
    """Run all migrations that the database has not had, in the caller's transaction."""

    def run(sync: sa.Connection) -> None:
        command.upgrade(_config(sync), "head")
        serves_from = next(one for one, is_shared in _migrations() if not is_shared)
        sync.execute(sa.update(_SERVES_FROM).values(serves_from=serves_from))

    await connection.run_sync(run)
