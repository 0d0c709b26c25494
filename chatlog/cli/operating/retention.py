"""``chatlog retention``: set or show how long a room keeps its texts."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option
from chatlog.cli.options import database_option, run
from chatlog.domain.counts import counted
from chatlog.eventlog.steps.retention import MAX_DAYS, Change, Rule
from chatlog.operations.delegation import carry_out, rule_of, what_is_due


@click.command()
@click.argument("room")
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(1, MAX_DAYS),
    help=f"Erase texts older than N days; 1 to {MAX_DAYS:,}.",
)
@click.option("--off", is_flag=True, help="Remove the rule: keep texts for ever.")
@click.option("--names", is_flag=True, help="Also erase people who have been away that long.")
@click.option("--dry-run", is_flag=True, help="Count what would be erased; change nothing.")
@by_option
@database_option
@failures_are_sentences
def retention(
    room: str, days: int | None, off: bool, names: bool, dry_run: bool, by: str, database: str
) -> None:
    """Erase a room's texts once they are N days old, now and from now on.

    The server applies the rule every hour. --names erases a person who was in this room
    and has been in no room for N days. Without --days and --off, the command shows the
    rule and who set it.
    """
    if days is not None and off:
        raise click.UsageError("Give either --days or --off.")
    if days is None and (names or dry_run):
        raise click.UsageError("--names and --dry-run need --days.")
    if days is None and not off:
        _show(room, *run(rule_of(database, room)))
    elif days is not None and dry_run:
        due = run(what_is_due(database, Rule(room, days, names)))
        output.say(f"{_amount(due.texts, due.people)} would be erased.")
    else:
        asked = {"room": room, "days": days, "names": names, "by": by}
        done = run(carry_out(database, "retention", asked))
        sentence = (
            "The room keeps its texts for ever."
            if off
            else f"Erased {_amount(done['texts'], done['people'])}."
        )
        output.say(f"{sentence} {done['remains']}".strip())


def _amount(texts: int, people: int) -> str:
    return f"{counted(texts, 'text')} and {counted(people, 'person', 'people')}"


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
    people = ", and people's names until they have been away that long" if rule.names else ""
    return f"for {counted(rule.days, 'day')}{people}"
