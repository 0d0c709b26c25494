"""``chatlog migrate``: create a log, or migrate it to this program's revision."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.databases.database import Database, backend_for
from chatlog.databases.living import check_all_stopped
from chatlog.databases.opening import open_for_writing
from chatlog.databases.revisions import newest_revision, revision_of
from chatlog.domain.errors import LogError


@click.command()
@click.option(
    "--search-path",
    "role",
    metavar="ROLE",
    help="Let this PostgreSQL role use the audit views by their unqualified names: append the "
    "schema chatlog to its search_path in this database.",
)
@database_option
@failures_are_sentences
def migrate(role: str | None, database: str) -> None:
    """Create or migrate the log's tables. The server must be stopped.

    A PostgreSQL database may hold other tables: the log keeps to its own schema, and no
    role's search_path changes unless you ask for it.
    """
    if role is not None and backend_for(database).schema is None:
        raise LogError("--search-path needs PostgreSQL: SQLite has no schemas.")
    said = run(_migrate(database, role))
    output.say(f"The log is at revision {newest_revision()}.")
    if said:
        output.say(said)


async def _migrate(url: str, role: str | None) -> str | None:
    if not backend_for(url).is_exclusive:  # otherwise opening it finds out
        await _check_all_stopped(url)
    async with (
        open_for_writing(url, share=True) as database,
        database.write() as connection,
        connection.begin(),
    ):
        return await database.backend.share_views(connection, role)


async def _check_all_stopped(url: str) -> None:
    database = Database(url, readers=1)
    try:
        async with database.read() as connection:
            if await revision_of(connection) is not None:
                check_all_stopped(await database.backend.open_nodes(connection))
    finally:
        await database.dispose()
