"""``chatlog history``: print a room's events, however many."""

from __future__ import annotations

import click

from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, types_option
from chatlog.cli.reading.story import print_events
from chatlog.databases.opening import open_for_reading
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door

SEQ = click.IntRange(0, 2**63 - 2)


@click.command()
@click.argument("room")
@click.option("--before", type=SEQ, metavar="SEQ", help="Events before this seq.")
@click.option("--after", type=SEQ, metavar="SEQ", help="Events after this seq.")
@click.option("--around", type=SEQ, metavar="SEQ", help="Events on both sides of this seq.")
@click.option("--limit", type=click.IntRange(1, 2**63 - 1), default=50, show_default=True)
@types_option
@json_option
@database_option
@failures_are_sentences
def history(
    room: str,
    before: int | None,
    after: int | None,
    around: int | None,
    limit: int,
    types: tuple[str, ...] | None,
    as_json: bool,
    database: str,
) -> None:
    """Print a room's events in order: the newest, or those around a seq.

    Give at most one of --before, --after and --around. --limit has no upper bound.
    """
    if sum(anchor is not None for anchor in (before, after, around)) > 1:
        raise click.UsageError("Give at most one of --before, --after and --around.")
    query = EventQuery.beside(
        room,
        before=before,
        after=after,
        around=around,
        limit=limit,
        types=EVENT_TYPES if types is None else types,
    )
    run(_history(query, as_json, database))


def _types(text: str | None) -> tuple[str, ...]:
    if text is None:
        return EVENT_TYPES
    types = tuple(part.strip() for part in text.split(","))
    if unknown := [part for part in types if part not in EVENT_TYPES]:
        raise click.UsageError(f"There are no events of type {unknown[0]!r}.")
    return types


async def _history(query: EventQuery, as_json: bool, url: str) -> None:
    async with open_for_reading(url) as database:
        header = True
        admission = await Door(database.read).admit(OPERATOR, query.room, "read")
        async for page in admission.events(await admission.locate(query)):
            print_events(page, as_json=as_json, header=header)
            header = False
