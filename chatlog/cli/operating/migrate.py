"""``chatlog migrate``: create a log, or migrate it to this program's revision."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.databases.database import backend_for
from chatlog.databases.opening import open_for_writing
from chatlog.databases.revisions import revision_of
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
    """Create or migrate the log's tables.

    Stop the servers first. On PostgreSQL they may keep running if the migration is shared;
    otherwise this command refuses and names a running server.

    A PostgreSQL database may hold other tables: the log keeps to its own schema, and no role's
    search_path changes unless you ask for it.
    """
    if role is not None and backend_for(database).schema is None:
        raise LogError("--search-path needs PostgreSQL: SQLite has no schemas.")
    revision, said = run(_migrate(database, role))
    output.say(f"The log is at revision {revision}.")
    if said:
        output.say(said)


async def _migrate(url: str, role: str | None) -> tuple[str | None, str | None]:
    async with (
        open_for_writing(url, share=True) as database,
        database.write() as connection,
        connection.begin(),
    ):
        said = await database.backend.share_views(connection, role)
        return await revision_of(connection), said
