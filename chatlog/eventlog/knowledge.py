"""What the log knows of the rooms and people of one transaction, read under its lock.

``kinds.command.decide`` asks it, and so do the steps that are not commands.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import rooms, users
from chatlog.domain.errors import RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.names import name_key
from chatlog.domain.room import Room
from chatlog.domain.users import Subject, User
from chatlog.eventlog import chain, lookup, rights
from chatlog.eventlog.lookup import owner_of
from chatlog.eventlog.memory import Memory
from chatlog.eventlog.persons import Persons
from chatlog.kinds.command import Command, FirstPost, Target
from chatlog.kinds.person import TOKEN
from chatlog.kinds.room import Changed


class Knowledge:
    """The data to decide commands, as ``kinds.command.Known``, and the look-ups that fill it.

    Users that the log does not have are made here, and written with the events that need them.
    """

    def __init__(self, memory: Memory, node: str, now: str) -> None:
        self.node = node
        self._memory = memory
        self._now = now
        self._posts: dict[tuple[int, int, str], FirstPost] = {}
        self._created: dict[tuple[int, str], FirstPost] = {}
        self._first_joins: dict[tuple[int, int], int | None] = {}
        self._since: dict[tuple[int, str], int] = {}
        # A batch must be in no cycle: its texts would then stay until the next garbage collection.
        self._salts = chain.Salts()
        self.persons = Persons(memory.persons, self._salts)
        self._hashes: dict[tuple[str, int], bytes | None] = {}
        self._new_users: list[dict[str, Any]] = []
        self._secret = b""
        self._next_user = self._next_room = 0

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
        return None if room.number is None else self._posts.get((room.number, owner_of(user), id))

    def first_created(self, user: User, id: str) -> FirstPost | None:
        """Return the room event that this user's subject already caused with this id."""
        return self._created.get((owner_of(user), id))

    def subject(self, identity: Identity) -> Subject | None:
        """Return a person's subject; None if the log has nothing of them."""
        return self.persons.subject(identity.subject)

    def person(self, identity: Identity) -> User:
        """Return the subject's user under the name that counts now.

        Raises:
            Refused: ``username_taken`` if the name, or one that looks like it, is another's.
        """
        return self.persons.person(identity, self._number_user)

    def target(self, target: Target) -> User | None:
        """Return the user whom a command is about; a new one for a subject not seen before."""
        return self.persons.target(target, self._number_user)

    def time(self, room: Room) -> str:
        """Return the time of the room's next event."""
        return max(self._now, room.at)

    def first_join(self, room: Room, user: User) -> int | None:
        """Return the seq of the first join of the user's subject."""
        if room.number is None or user.subject is None:
            return None
        return self._first_joins.get((room.number, user.subject.number))

    def first_since(self, room: Room, at: str) -> int:
        """Return the seq of the room's first event not before a time."""
        return self._since.get((room.number or 0, at), room.head + 1)

    def hash_at(self, room: Room, seq: int) -> bytes | None:
        """Return the chain hash of the room's event at ``seq``."""
        return room.hash if seq == room.head else self._hashes.get((room.name, seq))

    # The look-ups.

    def suffices(self, commands: Sequence[Command]) -> bool:
        """Return whether ``look_up`` without ``ids`` has nothing to read for these commands."""
        rooms = self._memory.rooms
        return self._memory.has(*_names_in(commands)) and not any(
            command.identity is not None
            or command.seen is not None
            or command.targets
            or (command.client_id is not None and command.must_look_up_id(rooms[command.room]))
            for command in commands
        )

    async def look_up(
        self, connection: AsyncConnection, commands: Sequence[Command], *, ids: bool
    ) -> None:
        """Read the data needed to decide the commands; with ``ids``, those of repeated ids too."""
        await self.know(connection, *_names_in(commands))
        for command in commands:
            room = self._memory.rooms.get(command.room)
            if (seen := command.seen) is not None and room is not None:
                assert room.number is not None
                at = (room.name, seen)
                self._hashes[at] = await lookup.hash_at(connection, room.number, seen)
        given = [c.client_id for c in commands if c.client_id and (ids or self._may_repeat(c))]
        if given:
            self._posts = await lookup.first_posts(connection, given)
            self._created = await _created(connection, self._posts)
        await self._look_up_people(connection, commands)

    def _may_repeat(self, command: Command) -> bool:
        return command.must_look_up_id(self._memory.rooms.get(command.room))

    async def _look_up_people(
        self, connection: AsyncConnection, commands: Sequence[Command]
    ) -> None:
        """Read whose commands these are, and where a room begins for those who may not see all."""
        if all(command.identity is None for command in commands):
            return
        await self._number_users(connection)
        await self.persons.know(connection, commands)
        for command in commands:
            room = self._memory.rooms.get(command.room)
            if room is None or command.identity is None or room.number is None:
                continue
            if room.rights.rules.history == "since_member":
                await self._look_up_beginning(connection, room, command.identity)

    async def _look_up_beginning(
        self, connection: AsyncConnection, room: Room, identity: Identity
    ) -> None:
        subject = self.persons.subject(identity.subject)
        if subject is None or room.number is None:
            return
        key = (room.number, subject.number)
        self._first_joins[key] = await rights.first_join(connection, *key)
        for given in room.rights.of(subject.id):
            if given.until is not None:
                first = await rights.first_since(connection, room.number, given.until)
                if first is not None:
                    self._since[room.number, given.until] = first

    async def know_people(
        self, connection: AsyncConnection, identities: Sequence[Identity], targets: Sequence[Target]
    ) -> None:
        """Read people by name, for steps that are not commands."""
        await self._number_users(connection)
        await self.persons.know_all(connection, identities, targets)

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
                await self._number_users(connection)
        if not room_names <= memory.rooms.keys():
            free = await lookup.next_number(connection, rooms.c.id)
            self._next_room = max(self._next_room, free)

    async def _number_users(self, connection: AsyncConnection) -> None:
        # A step may look up several times, and what it recorded is not yet inserted.
        free = await lookup.next_number(connection, users.c.id)
        self._next_user = max(self._next_user, free)

    def _number_user(self) -> int:
        self._next_user += 1
        return self._next_user - 1

    def room(self, name: str) -> Room:
        """Return a room that ``know`` has read.

        Raises:
            Refused: ``room_unknown`` if it has no events.
        """
        room = self._memory.rooms.get(name)
        if room is None:
            raise RoomUnknown
        return room

    def _user(self, handle: str) -> User:
        user = self._memory.users.get(handle)
        if user is None:
            user = self._memory.users[handle] = self._new_user(handle)
        return user

    def _new_user(self, handle: str) -> User:
        name, salt = lookup.name_in(handle), self._salts.next()
        number = self._number_user()
        user = User(os.urandom(16).hex(), name, number, chain.commitment(salt, name))
        self._new_users.append(
            {
                "id": user.number,
                "uuid": user.id,
                "username": name,
                "salt": salt,
                "commitment": user.commitment,
                "name_key": name_key(self._secret, name),
            }
        )
        return user


async def _created(
    connection: AsyncConnection, posts: dict[tuple[int, int, str], FirstPost]
) -> dict[tuple[int, str], FirstPost]:
    """Return the last events of the creations: an id is a subject's, whatever the room."""
    return {
        (owner, id): await lookup.last_of_creation(connection, room, first)
        for (room, owner, id), first in posts.items()
        if first.type == Changed.type
    }


def _names_in(commands: Sequence[Command]) -> tuple[set[str], set[str]]:
    """Return the names of the rooms, and the handles of the users, of commands."""
    return (
        {command.room for command in commands},
        {handle for command in commands for handle in _handles(command)},
    )


def _handles(command: Command) -> tuple[str, ...]:
    grants = command.identity is not None and command.room in command.identity.rooms
    return (*command.names, lookup.operator(TOKEN)) if grants else command.names
