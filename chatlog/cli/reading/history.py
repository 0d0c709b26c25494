"""``chatlog history``: print a room's events, however many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import Final

import click

from chatlog.audit.points import parse_end, parse_point
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, types_option, zone_option
from chatlog.cli.reading.story import print_events
from chatlog.databases.opening import open_for_reading
from chatlog.kinds.event import MAX_SEQ
from chatlog.kinds.event_query import EventQuery
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door

SEQ = click.IntRange(0, 2**63 - 2)
POINT: Final = "SEQ|DATE|TIME"
_LIMIT: Final = 50


@click.command()
@click.argument("room")
@click.option("--before", type=SEQ, metavar="SEQ", help="Events before this seq.")
@click.option("--after", type=SEQ, metavar="SEQ", help="Events after this seq.")
@click.option("--around", type=SEQ, metavar="SEQ", help="Events on both sides of this seq.")
@click.option("--from", "begin", metavar=POINT, help="Start at this time or seq (inclusive).")
@click.option(
    "--to",
    "end",
    metavar=POINT,
    help="End at this time or seq (inclusive). A date includes its whole day.",
)
@click.option("--username", metavar="NAME", help="Only events of this user.")
@click.option(
    "--limit",
    type=click.IntRange(1, 2**63 - 1),
    help="Number of events.  [default: 50, or all of them with --from]",
)
@types_option
@zone_option
@json_option
@database_option
@failures_are_sentences
def history(
    room: str,
    before: int | None,
    after: int | None,
    around: int | None,
    begin: str | None,
    end: str | None,
    username: str | None,
    limit: int | None,
    types: tuple[str, ...] | None,
    zone: tzinfo,
    as_json: bool,
    database: str,
) -> None:
    """Print a room's events in order: the newest, those around a seq, or those of a time.

    Give at most one of --before, --after and --around, or --from and --to. --limit has no
    upper bound.
    """
    anchors = [anchor for anchor in (before, after, around) if anchor is not None]
    if len(anchors) > 1:
        raise click.UsageError("Give at most one of --before, --after and --around.")
    if anchors and (begin, end) != (None, None):
        raise click.UsageError("Give either --from and --to, or one of the other three.")
    query = EventQuery.beside(
        room,
        before=before,
        after=after,
        around=around,
        limit=limit or (_LIMIT if begin is None else MAX_SEQ),
        types=types,
    )
    if begin is not None:
        query = replace(query, first=parse_point(begin, zone))
    if end is not None:
        query = replace(query, last=parse_end(end, zone))
    show = partial(print_events, as_json=as_json, zone=zone)
    run(_history(replace(query, username=username), database, show))


async def _history(query: EventQuery, url: str, show: Callable[..., None]) -> None:
    async with open_for_reading(url) as database:
        header = True
        admission = await Door(database.read).admit(OPERATOR, query.room, "read")
        async for page in admission.events(await admission.locate(query)):
            show(page, header=header)
            header = False
