"""``chatlog retention``: for how long a room keeps its texts."""

from __future__ import annotations

import click

from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.eventlog.retention import Rule
from chatlog.service.beside import carry_out, what_is_due


@click.command()
@click.argument("room")
@click.option("--days", type=click.IntRange(min=1), help="Erase texts that are older.")
@click.option("--off", is_flag=True, help="Keep texts for ever again.")
@click.option("--names", is_flag=True, help="Erase people too who have been away for as long.")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and change nothing.")
@database_option
@failures_are_sentences
def retention(
    room: str, days: int | None, off: bool, names: bool, dry_run: bool, database: str
) -> None:
    """Erase a room's texts once they are older than so many days, now and from now on.

    The server does it, every hour; a person whose name goes was in the room, and in no
    room at all for that long.
    """
    if (days is None) != off:
        raise click.UsageError("Say either --days or --off.")
    if dry_run:
        if days is None:
            raise click.UsageError("--dry-run goes with --days.")
        due = run(what_is_due(database, Rule(room, days, names)))
        click.echo(f"{due.texts} texts and {len(due.names)} people would be erased.")
        return
    done = run(carry_out(database, "retention", {"room": room, "days": days, "names": names}))
    if off:
        click.echo("The room keeps its texts for ever.")
    else:
        click.echo(f"Erased {done['texts']} texts and {len(done['names'])} people.")
