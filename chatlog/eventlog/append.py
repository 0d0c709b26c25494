"""One transaction: lock, load the rooms, decide each command, write the events.

Everything that depends on other writers is decided only here, under the log's lock: seqs,
positions, hashes, session counts, repeated ids.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.backend import Append
from chatlog.databases.schema import events, nodes, rooms, users
from chatlog.databases.schema.inserting import insert_rows
from chatlog.domain.errors import Refused
from chatlog.domain.identity import Identity
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.eventlog import chain, lookup, rows
from chatlog.eventlog.knowledge import Knowledge
from chatlog.eventlog.lookup import owner_of
from chatlog.eventlog.memory import Memory
from chatlog.eventlog.write_sessions import CLOSE, OPEN, write_sessions
from chatlog.kinds.command import Command, FirstPost, Target, decide
from chatlog.kinds.details import contents_column, stored
from chatlog.kinds.event import Event, Facts, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Leave, Left
from chatlog.kinds.room import Changed

Outcome = Recorded | FirstPost | Refused
"""The outcome of a command: its event, the first event it repeats, or the refusal."""

_INSERT_ROOMS: Final = rooms.insert()
_INSERT_USERS: Final = users.insert()
SEEN: Final = (
    nodes.update()
    .where(nodes.c.id == sa.bindparam("number"), nodes.c.seen_at < sa.bindparam("last"))
    .values(seen_at=sa.bindparam("last"))
)
"""Moves the time until which a node was surely alive forward."""


@dataclass(frozen=True, slots=True)
class Node:
    """The server process that appends: its name in the log and its number there.

    A node that ``tells_story`` imports a history: its last sign of life is the time of its
    newest event.
    """

    name: str
    number: int
    tells_story: bool = False

    @property
    def given_name(self) -> str:
        """The name without the suffix that distinguishes it from earlier processes."""
        return self.name.rpartition(".")[0]


class Batch(Knowledge):
    """The commands of one transaction, with the data to decide them."""

    def __init__(
        self, memory: Memory, node: Node, position: int, now: str, *, is_open: bool = False
    ) -> None:
        super().__init__(memory, node.name, now)
        self._is_open = is_open
        self._number = node.number
        self._tells_story = node.tells_story
        self._position = position
        self._new_rooms: list[Room] = []
        self.recorded: list[Recorded] = []
        self._events: list[tuple[Any, ...]] = []
        self._opened: list[dict[str, Any]] = []
        self._closed: list[dict[str, Any]] = []

    async def somebody(self, connection: AsyncConnection, identity: Identity) -> User:
        """Return the user of a person who causes no event, and write it if it is new."""
        target = Target(identity.subject)
        await self.know_people(connection, [identity], [target])
        try:
            user = self.person(identity)
        except Refused:  # the name is another's: the record knows the subject
            found = self.target(target)
            assert found is not None
            user = found
        self.persons.note_user(user)
        await self.persons.write(connection)
        # No event tells other nodes when somebody is erased who has none.
        self._memory.persons.pop(identity.subject, None)
        return user

    def forget_users(self, gone: Collection[User]) -> None:
        """Forget erased users: the next use of such a name or subject makes a new one."""
        users, numbers = self._memory.users, {user.number for user in gone}
        for user in gone:
            for handle in (user.name or "", lookup.operator(user.name or "")):
                if handle in users and users[handle].number in numbers:
                    del users[handle]
            if user.subject is not None and user.subject.subject is not None:
                self._memory.persons.pop(user.subject.subject, None)

    def settle(self, command: Command) -> Outcome:
        """Decide one command; ``write`` inserts the resulting event."""
        room = self._memory.rooms.get(command.room)
        if room is None:
            room = Room(command.room, os.urandom(16).hex())
        # A leave only ends a session that began before the room had rights.
        if self._is_open and room.rights.are_given and type(command) is not Leave:
            return Refused("forbidden", "This room has rights, and the server is in open mode.")
        found = decide(room, command, self)
        if isinstance(found, FirstPost | Refused):
            return found
        if isinstance(found, Event):
            return self.record(room, found, command.at, command.via)
        recorded = [self.record(room, event, command.at, command.via) for event in found]
        self._note_creation(recorded)
        return recorded[-1]

    def record(
        self, room: Room, event: Event, at: str | None = None, via: str | None = None
    ) -> Recorded:
        """Assign an event its seq, position, time and hash. ``write`` inserts it."""
        if room.number is None:
            self._begin(room)
        self.persons.note(event)
        assert room.number is not None
        self._position += 1
        at = max(at or self._now, room.at)
        sealed = self._sealed(event)
        facts, further = self._facts(event, via)
        seq = room.head + 1
        header = chain.header(room.id, seq, at, event, facts, sealed[0])
        digest = chain.next_hash(room.hash, header)
        recorded = Recorded(self._position, room.name, seq, at, digest, event, via)
        recorded.apply(room)
        self.recorded.append(recorded)
        places = (room.number, event.user.number, self._number)
        self._events.append(rows.event_row(recorded, facts, *places, sealed, further))
        self._note(recorded, room.number)
        return recorded

    def append(self) -> Append:
        """Return the transaction that writes what was recorded of rooms and users in memory.

        Nothing else may have been recorded, as ``suffices`` says beforehand.
        """
        writes = (rows.INSERT_EVENTS, self._events), (OPEN, self._opened), (CLOSE, self._closed)
        began = self._position - len(self._events)
        written = [(statement, found) for statement, found in writes if found]
        return Append(self._number, self.node, began, self._now, written)

    async def write(self, connection: AsyncConnection) -> None:
        """Insert everything that was recorded."""
        if not self._events:
            self._forget_new_users()
            return
        if self._new_rooms:
            new = [{"id": r.number, "uuid": r.id, "room": r.name} for r in self._new_rooms]
            await connection.execute(_INSERT_ROOMS, new)
        if self._new_users:
            await connection.execute(_INSERT_USERS, self._new_users)
        await self.persons.write(connection)
        await insert_rows(connection, events, self._events)
        await write_sessions(connection, self._opened, self._closed)
        if self._tells_story:
            told = max(recorded.at for recorded in self.recorded)
            await connection.execute(SEEN, [{"number": self._number, "last": told}])

    def _forget_new_users(self) -> None:
        """Forget the users that were made for events, of which there were none."""
        for row in self._new_users:
            for handle in (row["username"], lookup.operator(row["username"])):
                user = self._memory.users.get(handle)
                if user is not None and user.number == row["id"]:
                    del self._memory.users[handle]

    @property
    def position(self) -> int:
        """The log's last position once this batch is committed."""
        return self._position

    def _sealed(self, event: Event) -> tuple[bytes, bytes, str] | tuple[None, None, None]:
        """Return the commitment to an event's text, its salt and the text itself."""
        text = event.text
        if text is None:
            return None, None, None
        salt = self._salts.next()
        return chain.commitment(salt, text), salt, text

    def _facts(self, event: Event, via: str | None) -> tuple[Facts, str | None]:
        """Return an event's facts as they are stored, and the column of its further contents."""
        found = event.further_contents() if event.contents else {}
        if not found and event.version == 1 and via is None:
            return event.facts(), None
        salts = {name: self._salts.next() for name in found}
        sealed = {name: chain.commitment(salts[name], content) for name, content in found.items()}
        return stored(event, sealed, via), contents_column(event, salts)

    def _begin(self, room: Room) -> None:
        room.number = self._next_room
        self._next_room += 1
        self._new_rooms.append(room)
        self._memory.rooms[room.name] = room

    def _note(self, recorded: Recorded, room: int) -> None:
        """Update the sessions table and the ids of this batch for the event."""
        event = recorded.event
        if (id := event.client_id) is not None:
            first = FirstPost(recorded.seq, recorded.hash, event.type, event.text, recorded.room)
            self._posts[room, owner_of(event.user), id] = first
        if type(event) is Joined:
            places = (room, event.user.number, self._number)
            self._opened.append(rows.session_opened(recorded, event, *places))
        elif type(event) is Left:
            self._closed.append(rows.session_closed(recorded, event))

    def _note_creation(self, recorded: Sequence[Recorded]) -> None:
        """Let a repeat of the command that created a room find its last event."""
        first, last = recorded[0].event, recorded[-1]
        if type(first) is Changed and first.id is not None:
            found = FirstPost(last.seq, last.hash, first.type, first.text, last.room)
            self._created[owner_of(first.user), first.id] = found
