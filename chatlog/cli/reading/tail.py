"""``chatlog tail``: follow a room live, with or without its server."""

from __future__ import annotations

import asyncio
from typing import Final

import click

from chatlog.audit.page_ranges import PageRange, RangeRequest
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run
from chatlog.cli.reading.history import SEQ
from chatlog.cli.reading.story import print_events
from chatlog.databases.opening import open_for_reading
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.past_events import events

_POLL_SECONDS: Final = 0.2
_ENDLESS: Final = 2**63 - 1


@click.command()
@click.argument("room")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Number of past events to print first.",
)
@click.option("--after", type=SEQ, metavar="SEQ", help="Start after this seq instead.")
@json_option
@database_option
@failures_are_sentences
def tail(room: str, limit: int, after: int | None, as_json: bool, database: str) -> None:
    """Print a room's newest events, then each new event as it is committed, until Ctrl-C."""
    try:
        run(_tail(room, limit, after, as_json, database))
    except KeyboardInterrupt:
        return


async def _tail(room: str, limit: int, after: int | None, as_json: bool, url: str) -> None:
    async with open_for_reading(url) as database:
        newest = await Door(database.read).locate(
            OPERATOR, RangeRequest(room=room, limit=max(limit, 1))
        )
        begin = newest.first if limit else newest.last + 1
        seq = begin - 1 if after is None else after
        while True:
            rest = PageRange(newest.room, seq + 1, _ENDLESS, _ENDLESS, EVENT_TYPES)
            async for page in events(database, rest):
                print_events(page, as_json=as_json)
                seq = page[-1].seq
            await asyncio.sleep(_POLL_SECONDS)
