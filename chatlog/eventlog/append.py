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

from chatlog.databases.schema import nodes, rooms, sessions, users
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.eventlog import chain, lookup, rows
from chatlog.eventlog.memory import Memory
from chatlog.kinds.command import Command, FirstPost, decide
from chatlog.kinds.contents import column
from chatlog.kinds.details import stored
from chatlog.kinds.event import Event, Facts, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

Outcome = Recorded | FirstPost | Refused
"""The outcome of a command: its event, the first event it repeats, or the refusal."""

_SALTS: Final = 32
_INSERT_ROOMS: Final = rooms.insert()
_INSERT_USERS: Final = users.insert()
_OPEN: Final = sessions.insert()
_CLOSE: Final = (
    sessions.update()
    .where(sessions.c.session == sa.bindparam("ended"))
    .values({name: sa.bindparam(name) for name in ("left_seq", "left_at", "cause", "last_seen_at")})
)
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


class Batch:
    """The commands of one transaction and, as ``kinds.command.Known``, the data to decide them."""

    def __init__(self, memory: Memory, node: Node, position: int, now: str) -> None:
        self.node = node.name
        self._number = node.number
        self._tells_story = node.tells_story
        self._memory = memory
        self._position = position
        self._now = now
        self._posts: dict[tuple[int, int, str], FirstPost] = {}
        self._hashes: dict[tuple[str, int], bytes | None] = {}
        self._new_rooms: list[Room] = []
        self._new_users: list[dict[str, Any]] = []
        self._entropy = b""
        self._secret = b""
        self._next_user = self._next_room = 0
        self.recorded: list[Recorded] = []
        self._events: list[tuple[Any, ...]] = []
        self._opened: list[dict[str, Any]] = []
        self._closed: list[dict[str, Any]] = []

    @property
    def now(self) -> str:
        """The database's time in this transaction."""
        return self._now

    # What decide asks (kinds.command.Known).

    def user(self, name: str) -> User:
        """Return the user of this name; a new user if there is none."""
        return self._user(name)

    def operator(self, name: str) -> User:
        """Return the operator of this name, a different user from the person of this name."""
        return self._user(lookup.operator(name))

    def first_post(self, room: Room, user: User, id: str) -> FirstPost | None:
        """Return the event that this user already sent to this room with this id."""
        return None if room.number is None else self._posts.get((room.number, user.number, id))

    def hash_at(self, room: Room, seq: int) -> bytes | None:
        """Return the chain hash of the room's event at ``seq``."""
        return room.hash if seq == room.head else self._hashes.get((room.name, seq))

    # The steps of the transaction, in order.

    async def look_up(
        self, connection: AsyncConnection, commands: Sequence[Command], *, ids: bool
    ) -> None:
        """Read the data needed to decide the commands; with ``ids``, those of repeated ids too."""
        await self.know(
            connection,
            {command.room for command in commands},
            {name for command in commands for name in command.names},
        )
        for command in commands:
            room = self._memory.rooms.get(command.room)
            if (seen := command.seen) is not None and room is not None:
                assert room.number is not None
                at = (room.name, seen)
                self._hashes[at] = await lookup.hash_at(connection, room.number, seen)
        if ids:
            given = [command.client_id for command in commands if command.client_id]
            self._posts = await lookup.first_posts(connection, given) if given else {}

    async def know(
        self, connection: AsyncConnection, room_names: set[str], handles: set[str]
    ) -> None:
        """Read rooms and users, and the next numbers for new ones.

        A handle is a username, or an operator's name as ``lookup.operator`` returns it.
        """
        memory = self._memory
        await memory.load(connection, room_names)
        if handles:
            await memory.load_users(connection, handles)
            if not handles <= memory.users.keys():
                self._secret = await lookup.name_secret(connection)
                # A step may look up several times, and what it recorded is not yet inserted.
                free = await lookup.next_number(connection, users.c.id)
                self._next_user = max(self._next_user, free)
            if not room_names <= memory.rooms.keys():
                free = await lookup.next_number(connection, rooms.c.id)
                self._next_room = max(self._next_room, free)

    def room(self, name: str) -> Room:
        """Return a room that ``know`` has read.

        Raises:
            Refused: ``room_unknown`` if it has no events.
        """
        room = self._memory.rooms.get(name)
        if room is None:
            raise RoomUnknown
        return room

    def forget_user(self, name: str, numbers: Collection[int]) -> None:
        """Forget this name if it belongs to one of these users: its next use makes a new user."""
        users = self._memory.users
        for handle in (name, lookup.operator(name)):
            if handle in users and users[handle].number in numbers:
                del users[handle]

    def settle(self, command: Command) -> Outcome:
        """Decide one command; ``write`` inserts the resulting event."""
        room = self._memory.rooms.get(command.room)
        if room is None:
            room = Room(command.room, os.urandom(16).hex())
        found = decide(room, command, self)
        if isinstance(found, FirstPost | Refused):
            return found
        return self.record(room, found, command.at)

    def record(self, room: Room, event: Event, at: str | None = None) -> Recorded:
        """Assign an event its seq, position, time and hash. ``write`` inserts it."""
        if room.number is None:
            self._begin(room)
        assert room.number is not None
        self._position += 1
        at = max(at or self._now, room.at)
        sealed = self._sealed(event)
        facts, further = self._facts(event)
        seq = room.head + 1
        header = chain.header(room.id, seq, at, event, facts, sealed[0])
        digest = chain.next_hash(room.hash, header)
        recorded = Recorded(self._position, room.name, seq, at, digest, event)
        recorded.apply(room)
        self.recorded.append(recorded)
        row = rows.event_row(recorded, facts, room.number, self._number, sealed, further)
        self._events.append(row)
        self._note(recorded, room.number)
        return recorded

    async def write(self, connection: AsyncConnection) -> None:
        """Insert everything that was recorded."""
        if not self._events:
            return
        if self._new_rooms:
            new = [{"id": r.number, "uuid": r.id, "room": r.name} for r in self._new_rooms]
            await connection.execute(_INSERT_ROOMS, new)
        if self._new_users:
            await connection.execute(_INSERT_USERS, self._new_users)
        await connection.exec_driver_sql(rows.insert_events(connection.dialect), self._events)
        if self._opened:
            await connection.execute(_OPEN, self._opened)
        if self._closed:
            await connection.execute(_CLOSE, self._closed)
        if self._tells_story:
            told = max(recorded.at for recorded in self.recorded)
            await connection.execute(SEEN, [{"number": self._number, "last": told}])

    @property
    def position(self) -> int:
        """The log's last position once this batch is committed."""
        return self._position

    def _sealed(self, event: Event) -> tuple[bytes, bytes, str] | tuple[None, None, None]:
        """Return the commitment to an event's text, its salt and the text itself."""
        text = event.text
        if text is None:
            return None, None, None
        salt = self._salt()
        return chain.commitment(salt, text), salt, text

    def _facts(self, event: Event) -> tuple[Facts, str | None]:
        """Return an event's facts as they are stored, and the column of its further contents."""
        if not event.contents and event.version == 1:
            return event.facts(), None
        found = event.further_contents()
        salts = {name: self._salt() for name in found}
        sealed = {name: chain.commitment(salts[name], content) for name, content in found.items()}
        return stored(event, sealed), column(event, salts)

    def _salt(self) -> bytes:
        """Return fresh random bytes, drawn many at a time: each draw is a system call."""
        if not self._entropy:
            self._entropy = os.urandom(chain.SALT_BYTES * _SALTS)
        salt, self._entropy = (
            self._entropy[: chain.SALT_BYTES],
            self._entropy[chain.SALT_BYTES :],
        )
        return salt

    def _user(self, handle: str) -> User:
        user = self._memory.users.get(handle)
        if user is None:
            user = self._memory.users[handle] = self._new_user(handle)
        return user

    def _new_user(self, handle: str) -> User:
        name, salt = lookup.name_in(handle), self._salt()
        user = User(os.urandom(16).hex(), name, self._next_user, chain.commitment(salt, name))
        self._next_user += 1
        self._new_users.append(
            {
                "id": user.number,
                "uuid": user.id,
                "username": name,
                "salt": salt,
                "commitment": user.commitment,
                "name_key": lookup.name_key(self._secret, name),
            }
        )
        return user

    def _begin(self, room: Room) -> None:
        room.number = self._next_room
        self._next_room += 1
        self._new_rooms.append(room)
        self._memory.rooms[room.name] = room

    def _note(self, recorded: Recorded, room: int) -> None:
        """Update the sessions table and the ids of this batch for the event."""
        event = recorded.event
        if (id := event.client_id) is not None:
            first = FirstPost(recorded.seq, recorded.hash, event.type, event.text)
            self._posts[room, event.user.number, id] = first
        if type(event) is Joined:
            self._opened.append(rows.session_opened(recorded, event, room, self._number))
        elif type(event) is Left:
            self._closed.append(rows.session_closed(recorded, event))
