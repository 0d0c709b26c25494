"""``chatlog retention``: set or show how long rooms keep their texts."""

from __future__ import annotations

import click

from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.operating.erasure import by_option
from chatlog.cli.options import database_option, run
from chatlog.domain.counts import counted
from chatlog.eventlog.steps.retention import MAX_DAYS, Change, Rule
from chatlog.operations.delegation import Rules, all_rules, carry_out, rule_of, what_is_due

_OTHERS = "(every other room)"


@click.command()
@click.argument("room", required=False)
@click.option("--all", "is_all", is_flag=True, help="The default, for rooms without a rule.")
@click.option("--list", "is_list", is_flag=True, help="List the default and the rules of rooms.")
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(1, MAX_DAYS),
    help=f"Erase texts older than N days; 1 to {MAX_DAYS:,}.",
)
@click.option("--off", is_flag=True, help="Remove the rule.")
@click.option("--names", is_flag=True, help="Also erase people who have been away that long.")
@click.option("--dry-run", is_flag=True, help="Count what would be erased; change nothing.")
@by_option
@database_option
@failures_are_sentences
def retention(
    room: str | None,
    is_all: bool,
    is_list: bool,
    days: int | None,
    off: bool,
    names: bool,
    dry_run: bool,
    by: str,
    database: str,
) -> None:
    """Erase texts of ROOM once they are N days old, now and from now on.

    With --all instead of ROOM it is the default of every room without a rule of its own. A room
    without either keeps its texts for ever.

    The server applies the rules every hour. --names erases a person who was in such a room
    and has been in no room for N days. Without --days and --off, the command shows the
    rule and who set it.
    """
    if (room is not None) + is_all + is_list != 1:
        raise click.UsageError("Give one of ROOM, --all and --list.")
    if days is not None and off:
        raise click.UsageError("Give either --days or --off.")
    if days is None and (names or dry_run):
        raise click.UsageError("--names and --dry-run need --days.")
    if is_list and (days is not None or off):
        raise click.UsageError("--list only lists.")
    if is_list:
        _list(run(all_rules(database)))
    elif days is None and not off:
        _show(room, _rules(room, database))
    elif days is not None and dry_run:
        due = run(what_is_due(database, room, days, names))
        output.say(f"{_amount(due.texts, due.people)} would be erased.")
    else:
        asked = {"room": room, "days": days, "names": names, "by": by}
        done = run(carry_out(database, "retention", asked))
        kept = _sentence(room, _rules(room, database))
        sentence = kept if off else f"Erased {_amount(done['texts'], done['people'])}."
        output.say(f"{sentence} {done['remains']}".strip())


def _rules(room: str | None, database: str) -> Rules:
    return run(all_rules(database) if room is None else rule_of(database, room))


def _amount(texts: int, people: int) -> str:
    return f"{counted(texts, 'text')} and {counted(people, 'person', 'people')}"


def _show(room: str | None, found: Rules) -> None:
    output.say(_sentence(room, found))
    if not found.changes:
        return
    table = output.table("at (UTC)", "days", "names", "by")
    for change in found.changes:
        days = "off" if change.days is None else str(change.days)
        table.add_row(output.moment(change.at), days, _names(change.names), output.cell(change.by))
    output.console().print(table)


def _sentence(room: str | None, found: Rules) -> str:
    if room is None:
        return f"Rooms without a rule of their own keep their texts {_how_long(found.default)}."
    if found.rules or found.default is None:
        return f"{room} keeps its texts {_how_long(found.rules[0] if found.rules else None)}."
    return f"{room} has no rule of its own, and keeps its texts {_how_long(found.default)}."


def _list(found: Rules) -> None:
    table = output.table("room", "days", "names")
    for rule in found.rules:
        table.add_row(output.cell(rule.room), str(rule.days), _names(rule.names))
    default = found.default
    days = "for ever" if default is None else str(default.days)
    table.add_row(_OTHERS, days, _names(default is not None and default.names))
    output.console().print(table)


def _names(are_erased: bool) -> str:
    return "erased" if are_erased else ""


def _how_long(rule: Rule | Change | None) -> str:
    if rule is None or rule.days is None:
        return "for ever"
    people = ", and people's names until they have been away that long" if rule.names else ""
    return f"for {counted(rule.days, 'day')}{people}"
