"""A newer version of the program: a copy of this one, with migrations of its own."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import chatlog as current

from .command import Ended, chatlog
from .server import Server

VERSION = "99.0.0"

_PACKAGE = Path(current.__file__).parent
_HOME = _PACKAGE.parent
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
shared = {shared}


def upgrade():
{body}
"""

RENAMING = """
    op.alter_column("nodes", "name", new_column_name="title")
"""
ADDITIONS = """
    op.add_column("nodes", sa.Column("mood", sa.Text))
    op.add_column("events", sa.Column("mood", sa.Text))
    op.create_table("moods", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("moods_events", "events", ["mood"])
"""


@dataclass(frozen=True, slots=True)
class Newer:
    """The folder of a newer version."""

    folder: Path

    @property
    def shell(self) -> str:
        """Return what a shell does before it runs Python, which then finds this version."""
        return f"cd {shlex.quote(str(self.folder))} && "

    def add(self, revision: str, body: str, *, shared: bool) -> None:
        """Give it another migration, the next one after those it has."""
        before = f"{int(revision) - 1:04}"
        text = _MIGRATION.format(revision=revision, before=before, shared=shared, body=body)
        (self.folder / f"chatlog/migrations/versions/{revision}_newer.py").write_text(text)

    def server(self, database: str, log: Path, *flags: str) -> Server:
        return Server(database, log, flags, shell=self.shell)

    async def run(self, *arguments: str, database: str) -> Ended:
        return await chatlog(*arguments, database=database, folder=self.folder)


def newer_version(folder: Path) -> Newer:
    """Copy this program, with what Python has compiled of it, which takes seconds otherwise."""
    package = folder / "chatlog"
    shutil.copytree(_PACKAGE, package, ignore=shutil.ignore_patterns("static"))
    shutil.copytree(_HOME / "migrations", package / "migrations", dirs_exist_ok=True)
    shutil.copy(_HOME / "alembic.ini", package / "alembic.ini")
    if (static := _PACKAGE / "static").exists():
        (package / "static").symlink_to(static)
    (package / "domain/version.py").write_text(f'VERSION = "{VERSION}"\n')
    return Newer(folder)
