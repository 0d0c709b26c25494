"""``chatlog tail``: follow a room, or all of them, live, with or without the server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from datetime import tzinfo
from functools import partial
from typing import Final, Protocol

import click

from chatlog.audit.log_pages import Wanted
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.options import database_option, json_option, run, zone_option
from chatlog.cli.reading.history import SEQ
from chatlog.cli.reading.story import print_events
from chatlog.cli.streams import check_reader
from chatlog.databases.opening import open_for_reading
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door

_POLL_SECONDS: Final = 0.2


class Show(Protocol):
    """Prints events."""

    def __call__(self, events: Iterable[Recorded], /) -> None: ...


@click.command()
@click.argument("room", required=False)
@click.option("--all", "of_all", is_flag=True, help="Follow every room, private ones too.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Number of past events to print first.",
)
@click.option("--after", type=SEQ, metavar="SEQ", help="Start after this seq of ROOM instead.")
@zone_option
@json_option
@database_option
@failures_are_sentences
def tail(
    room: str | None,
    of_all: bool,
    limit: int,
    after: int | None,
    zone: tzinfo,
    as_json: bool,
    database: str,
) -> None:
    """Print a room's newest events, then each new event as it is committed, until Ctrl-C."""
    if (room is None) != of_all or (of_all and after is not None):
        raise click.UsageError("Give either a ROOM, with or without --after, or --all.")
    show = partial(print_events, as_json=as_json, zone=zone, of_rooms=of_all)
    try:
        if room is None:
            run(_tail_all(limit, database, show))
        else:
            run(_tail(room, limit, after, database, show))
    except KeyboardInterrupt:
        return


async def _tail(room: str, limit: int, after: int | None, url: str, show: Show) -> None:
    async with open_for_reading(url) as database:
        admission = await Door(database.read).admit(OPERATOR, room, "read")
        newest = await admission.locate(EventQuery(room=room, limit=max(limit, 1)))
        begin = newest.first if limit else newest.last + 1
        seq = begin - 1 if after is None else after
        while True:
            async for page in admission.events(newest.from_(seq + 1)):
                show(page)
                seq = page[-1].seq
            await _pause()


async def _tail_all(limit: int, url: str, show: Show) -> None:
    async with open_for_reading(url) as database:
        log = await Door(database.read).admit_everywhere(OPERATOR)
        end = await log.end()
        place = await log.place(max(0, end.position - limit))
        while True:
            events, reached = await log.page(place, Wanted())
            if events:
                show(events)
            if reached == place:
                await _pause()
            place = reached


async def _pause() -> None:
    check_reader(sys.stdout)
    await asyncio.sleep(_POLL_SECONDS)
