"""Import a foreign history through the same writer and rules as a server's clients.

The import is its own node, whose sessions end with the file. Faults of a file are reported before
anything is written. It writes a batch at a time: an interrupted import leaves the beginning of
the story, complete and in order; its open sessions lapse at the time where the story broke off,
and ``continuing`` resumes from there.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from chatlog.databases.database import Database
from chatlog.domain.errors import LogError, Refused
from chatlog.domain.names import Limits, check_room
from chatlog.domain.room import Room
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Node, Outcome
from chatlog.eventlog.committing.writer import Writer
from chatlog.formats.history import History
from chatlog.formats.story import Arrived, Departed, Happening, Spoke, Story
from chatlog.kinds.chat import Post
from chatlog.kinds.command import Command
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Join
from chatlog.kinds.leave import Leave
from chatlog.nodes import clock, leases
from chatlog.operations.continue_import import find_place, holds

BATCH = 1_000
DOUBT_SECONDS = 5.0


@dataclass(slots=True)
class Counts:
    """The counts of an import. ``joins`` are the joins recorded in the file.

    ``skipped`` lines gave no event; of these, ``unfit`` lines have a name or text that a log
    cannot hold, and ``unknown`` lines are not recognised. ``known`` events already existed.
    """

    lines: int = 0
    chats: int = 0
    joins: int = 0
    leaves: int = 0
    implied_joins: int = 0
    skipped: int = 0
    unfit: int = 0
    unknown: int = 0
    known: int = 0
    first_at: str = ""
    last_at: str = ""

    @property
    def events(self) -> int:
        """The number of appended events."""
        return self.chats + self.joins + self.leaves + self.implied_joins


async def import_history(
    database: Database,
    history: History,
    *,
    room: str,
    limits: Limits,
    again: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Counts:
    """Append a history to a room and return the counts.

    With ``again`` the part that the room already has is skipped. ``progress`` gets the number of
    lines read.

    Raises:
        Refused: nothing was written; the room name is invalid.
        LogError: nothing was written: the file ends in the future, or the room has events
            later than the file's first; or, on PostgreSQL, somebody else wrote to the room.
    """
    telling = await prepare(database, history, room=room, limits=limits, again=again)
    alone = database.backend.is_exclusive
    node = await begin_telling(database, telling, alone=alone)
    writer = Writer(database, node, doubt_seconds=DOUBT_SECONDS)
    try:
        while batch := list(islice(telling.commands, BATCH)):
            check_outcomes(batch, await writer.append(batch))
            progress(telling.story.lines, history.survey.lines)
    finally:
        await leases.end(database, node)
    await database.after_bulk()
    return telling.finish()


async def begin_telling(database: Database, telling: Telling, *, alone: bool) -> Node:
    """Insert an import as a node that is last seen at the times of its story."""
    name = leases.unique_name("import")
    return await leases.begin(database, name, alone=alone, story_at=telling.begins_at)


class Telling:
    """The progress of a story into a room: the commands still to be appended, and the counts."""

    def __init__(self, room: str, history: History, limits: Limits) -> None:
        self.room = room
        self.begins_at = history.survey.first_at
        self.counts = Counts(unknown=history.survey.unknown)
        self.story: Story
        self.story, lines = history.story(limits)
        self.happenings = self.story.read(lines)
        self.commands: Iterator[Command] = commands_of(room, self._counted(self.happenings))

    def go_on(self, closing: Iterable[Command], happenings: Iterable[Happening]) -> None:
        """Resume a story after the part that the room has."""
        commands = commands_of(self.room, self._counted(happenings))
        self.commands = chain(self._closing(closing), commands)

    def finish(self) -> Counts:
        """Return the counts, once all commands have been appended."""
        self.counts.lines, self.counts.skipped = self.story.lines, self.story.skipped
        self.counts.unfit = self.story.unfit
        return self.counts

    def _closing(self, commands: Iterable[Command]) -> Iterator[Command]:
        for command in commands:
            self.counts.leaves += 1
            yield command

    def _counted(self, happenings: Iterable[Happening]) -> Iterator[Happening]:
        counts = self.counts
        for happening in happenings:
            if isinstance(happening, Spoke):
                counts.chats += 1
            elif isinstance(happening, Departed):
                counts.leaves += 1
            elif happening.implied:
                counts.implied_joins += 1
            else:
                counts.joins += 1
            counts.first_at = counts.first_at or happening.at
            counts.last_at = happening.at
            yield happening


async def prepare(
    database: Database, history: History, *, room: str, limits: Limits, again: bool
) -> Telling:
    """Check everything about a history and return what is to be appended.

    Raises:
        Refused, LogError: as ``import_history``.
    """
    check_room(room, limits)
    survey = history.survey
    there = await _room_there(database, room, survey.last_at)
    telling = Telling(room, history, limits)
    if there is None or there.at < survey.first_at:
        return telling
    if again:
        place = await find_place(database, there, telling.happenings)
        telling.counts.known = place.known
        telling.go_on(place.closing, place.rest)
        return telling
    await _check_new(database, there, history, limits)
    return telling


async def _room_there(database: Database, room: str, last_at: str) -> Room | None:
    """Return the room, if it exists; refuse a file that ends in the future."""
    async with database.read() as connection:
        now = await clock.now(database, connection)
        found = await lookup.rooms_at_head(connection, [room])
    if last_at > now:
        raise LogError(f"The file ends at {last_at}, which is in the future.")
    return found[0] if found else None


async def _check_new(database: Database, there: Room, history: History, limits: Limits) -> None:
    """Refuse a file that begins before the room's end, or that the room already has."""
    first_at = history.survey.first_at
    if there.at > first_at:
        raise LogError(
            f"The room's last event ({there.at}) is later than the file's first ({first_at}). "
            "Import into another room, or give --continue if this file, or its beginning, was "
            "imported before."
        )
    story, lines = history.story(limits)
    first = await asyncio.to_thread(_first_of, story.read(lines))
    if first is not None and await holds(database, there, first):
        raise LogError(
            "The room already has the beginning of this file. Give --continue to import the rest."
        )


def _first_of(happenings: Iterator[Happening]) -> Happening | None:
    """Return a file's first chat; if it has none, its first happening."""
    first = None
    for happening in happenings:
        first = first or happening
        if type(happening) is Spoke:
            return happening
    return first


def commands_of(room: str, story: Iterable[Happening]) -> Iterator[Command]:
    """Convert the story to commands; everybody present has one session."""
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
    """Stop the import if an event is not the one in the story."""
    for command, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Refused):
            raise outcome
        if not isinstance(outcome, Recorded) or outcome.at != command.at:
            raise LogError("Somebody else wrote to the room; the import was stopped.")
