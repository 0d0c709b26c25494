"""``chatlog retention``: for how long a room keeps its texts."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.erasure import by_option
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, run
from chatlog.eventlog.retention import MAX_DAYS, Change, Rule
from chatlog.service.beside import carry_out, rule_of, what_is_due


@click.command()
@click.argument("room")
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(1, MAX_DAYS),
    help=f"Erase texts that are older; 1 to {MAX_DAYS:,}.",
)
@click.option("--off", is_flag=True, help="Keep texts for ever again.")
@click.option("--names", is_flag=True, help="Erase people too who have been away for as long.")
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and change nothing.")
@by_option
@database_option
@failures_are_sentences
def retention(
    room: str, days: int | None, off: bool, names: bool, dry_run: bool, by: str, database: str
) -> None:
    """Erase a room's texts once they are older than so many days, now and from now on.

    The server does it, every hour; a person whose name goes was in the room, and in no
    room at all for that long. Without --days and --off: show the rule, and who set it.
    """
    if days is not None and off:
        raise click.UsageError("Say either --days or --off.")
    if days is None and (names or dry_run):
        raise click.UsageError("--names and --dry-run go with --days.")
    if days is None and not off:
        _show(room, *run(rule_of(database, room)))
    elif days is not None and dry_run:
        due = run(what_is_due(database, Rule(room, days, names)))
        output.say(f"{due.texts} texts and {due.people} people would be erased.")
    else:
        asked = {"room": room, "days": days, "names": names, "by": by}
        done = run(carry_out(database, "retention", asked))
        sentence = (
            "The room keeps its texts for ever."
            if off
            else f"Erased {done['texts']} texts and {done['people']} people."
        )
        output.say(f"{sentence} {done['remains']}".strip())


def _show(room: str, rule: Rule | None, changes: list[Change]) -> None:
    output.say(f"{room} keeps its texts {_how_long(rule)}.")
    if not changes:
        return
    table = output.table("at (UTC)", "days", "names", "by")
    for change in changes:
        days = "off" if change.days is None else str(change.days)
        names = "erased" if change.names else ""
        table.add_row(output.moment(change.at), days, names, output.cell(change.by))
    output.console().print(table)


def _how_long(rule: Rule | None) -> str:
    if rule is None:
        return "for ever"
    people = ", and people for as long after they left" if rule.names else ""
    return f"for {rule.days} days{people}"
