"""``chatlog follow``: hand every event of the log to another program, from a cursor on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Final

import click

from chatlog.audit.log_pages import Wanted
from chatlog.cli import output
from chatlog.cli.failures import failures_are_sentences
from chatlog.cli.moving.cursor_file import CursorFile
from chatlog.cli.options import database_option, run, types_option, zone_option
from chatlog.cli.streams import check_reader, taken
from chatlog.databases.backend import Place
from chatlog.databases.opening import open_for_reading
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import EVENT_TYPES
from chatlog.readers.askers import OPERATOR
from chatlog.readers.door import Door
from chatlog.readers.whole_log import WholeLog
from chatlog.wire.events import encode_positioned

_POLL_SECONDS: Final = 0.2
POSITION = click.IntRange(0, 2**63 - 2)


@click.command()
@click.option("--room", "rooms", multiple=True, metavar="ROOM", help="Only this room (repeatable).")
@types_option
@click.option(
    "--after", type=POSITION, metavar="POSITION", help="Start after it.  [default: the log's end]"
)
@click.option("--jsonl", "--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@click.option(
    "--cursor-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Continue where this file says, and keep it current; --after counts only without it.",
)
@zone_option
@database_option
@failures_are_sentences
def follow(
    rooms: Sequence[str],
    types: tuple[str, ...] | None,
    after: int | None,
    as_json: bool,
    cursor_file: Path | None,
    zone: tzinfo,
    database: str,
) -> None:
    """Print every event of the log with its position, then each new one, until Ctrl-C.

    All rooms are included, private ones too. With --cursor-file each event is printed at
    least once, however this command ends. Another log than the file's, or one that was
    restored to a state before it, ends with status 2.
    """
    try:
        show = _show_as_json if as_json else partial(_show, zone=zone)
        run(_follow(rooms, types or EVENT_TYPES, after, cursor_file, database, show))
    except KeyboardInterrupt:
        return


async def _follow(
    rooms: Sequence[str],
    types: Sequence[str],
    after: int | None,
    cursor_file: Path | None,
    url: str,
    show: Callable[[Recorded], None],
) -> None:
    async with open_for_reading(url, patient=True) as database:
        log = await Door(database.read).admit_everywhere(OPERATOR)
        wanted = Wanted(await log.rooms(rooms) if rooms else None, types)
        cursor = None if cursor_file is None else await CursorFile.of(cursor_file, log)
        place = await _begin(log, after, cursor)
        while True:
            events, reached = await log.page(place, wanted)
            for recorded in events:  # each leaves this process at once
                show(recorded)
            if reached == place:
                check_reader(sys.stdout)
                await asyncio.sleep(_POLL_SECONDS)
            elif cursor is not None:
                await taken(sys.stdout)
                cursor.write(reached)
            place = reached


async def _begin(log: WholeLog, after: int | None, cursor: CursorFile | None) -> Place:
    found = None if cursor is None else cursor.read()
    if found is not None:
        return found
    place = await log.end() if after is None else await log.place(after)
    if cursor is not None:
        cursor.write(place)
    return place


def _show_as_json(recorded: Recorded) -> None:
    output.write_lines([encode_positioned(recorded)])


def _show(recorded: Recorded, zone: tzinfo) -> None:
    name, said = recorded.event.shown_as, recorded.event.said()
    at = output.moment(recorded.at, zone)
    output.say(f"{recorded.position}  {recorded.room}  {recorded.seq}  {at}  {name}  {said}")
