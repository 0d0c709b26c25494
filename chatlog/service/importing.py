"""Import an IRC history through the same writer and rules as a server's clients.

The import is a node of its own, whose sessions end with the file. It writes a batch at a
time: one that is interrupted leaves the beginning of the story, whole and in order,
and its open sessions lapse at the next start of a server: they were surely there until
the last event of the story that was written.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice

from chatlog.domain.commands import Command, Join, Leave, Post
from chatlog.domain.errors import LogError, Refused
from chatlog.domain.events import Recorded
from chatlog.domain.names import Limits, check_room
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Node, Outcome
from chatlog.eventlog.database import Database
from chatlog.eventlog.sqlite import Sqlite
from chatlog.eventlog.upkeep import after_bulk
from chatlog.eventlog.writer import Writer
from chatlog.nodes import clock, leases
from chatlog.service.irc import Arrived, Counts, Happening, Span, Spoke, Story, span

BATCH = 1_000
DOUBT_SECONDS = 5.0

Lines = Callable[[], Iterable[bytes]]
"""Begins to read the file: an import reads it twice."""


async def import_irc(
    database: Database,
    lines: Lines,
    *,
    room: str,
    day: date,
    limits: Limits,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Counts:
    """Append a history to a room and return what it held.

    ``progress`` is told how many of the file's lines have been read.

    Raises:
        Refused: nothing was written; the room's name is not in form.
        LogError: nothing was written, as the file is of the future or the room goes on
            after its beginning; or, on PostgreSQL, somebody else wrote into the room.
    """
    check_room(room, limits)
    extent = span(lines(), day)
    await check_times(database, room, extent)
    story = Story(day, limits, extent.first_minute)
    commands = commands_of(room, story.read(lines()))
    alone = isinstance(database.backend, Sqlite)
    node = await begin_telling(database, extent, alone=alone)
    writer = Writer(database, node, doubt_seconds=DOUBT_SECONDS)
    try:
        while batch := list(islice(commands, BATCH)):
            check_outcomes(batch, await writer.append(batch))
            progress(story.counts.lines, extent.lines)
    finally:
        await leases.end(database, node)
    await after_bulk(database)
    return story.counts


async def begin_telling(database: Database, extent: Span, *, alone: bool) -> Node:
    """Enter an import into the log, as a node that is seen at the times of its story."""
    name = leases.unique_name("import")
    return await leases.begin(database, name, alone=alone, story_at=extent.first_at)


async def check_times(database: Database, room: str, extent: Span) -> None:
    """Refuse a file that is of the future, or of before what the room holds already."""
    async with database.read() as connection:
        now = await clock.now(database, connection)
        found = await lookup.rooms_at_head(connection, [room])
    if extent.last_at > now:
        raise LogError(f"The file ends at {extent.last_at}, which is in the future.")
    if found and found[0].at > extent.first_at:
        raise LogError(
            f"The room's last event is of {found[0].at}, after the file's first "
            f"({extent.first_at}). Import into another room."
        )


def commands_of(room: str, story: Iterator[Happening]) -> Iterator[Command]:
    """Turn the story into commands; whoever is present has one session."""
    open_: dict[str, str] = {}
    for happening in story:
        at, name = happening.at, happening.name
        if isinstance(happening, Spoke):
            yield Post(room, open_[name], happening.text, at=at)
        elif isinstance(happening, Arrived):
            open_[name] = secrets.token_hex(16)
            yield Join(room, open_[name], name, backlog=0, at=at)
        else:
            yield Leave(room, open_.pop(name), happening.cause, at=at)


def check_outcomes(batch: Sequence[Command], outcomes: Sequence[Outcome]) -> None:
    """Refuse to go on where an event is not the one that the story tells."""
    for command, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Refused):
            raise outcome
        if not isinstance(outcome, Recorded) or outcome.at != command.at:
            raise LogError("Somebody else wrote into the room; the import was stopped.")
