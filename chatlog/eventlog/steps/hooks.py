"""The log's table of hooks, the addresses at which programs post: add one, remove one, find one.

Of an address the table has a hash only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.databases.schema import hooks
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity, hook_subject
from chatlog.domain.room import Room
from chatlog.domain.users import User
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step, appending
from chatlog.eventlog.read import room_number
from chatlog.eventlog.rights import has_rights
from chatlog.kinds.command import Decision, Known
from chatlog.kinds.event import required
from chatlog.kinds.member import Appointed
from chatlog.kinds.person import PersonsCommand, unchanged

_ALL: Final = sa.select(hooks.c.id, hooks.c.name, hooks.c.room, hooks.c.at).order_by(hooks.c.name)


@dataclass(frozen=True, slots=True)
class Hook:
    """A program's address: it posts to ``room`` as the user ``name``."""

    id: int
    name: str
    room: str
    at: str


@dataclass(frozen=True, slots=True)
class AdmitHook(PersonsCommand):
    """Make the hook ``author`` a member, unless somebody has given it a role there before."""

    room: str
    author: Identity
    by: str
    at: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The handle of the operator who makes it."""
        return (lookup.operator(self.by),)

    def decide(self, room: Room, known: Known) -> Decision:
        if room.head == 0:
            return RoomUnknown()
        hook = known.person(self.author)
        if room.rights.of(required(hook.subject, "subject").id):
            return unchanged(room)
        return Appointed(known.operator(self.by), known.node, hook, "member")


def identity_of_hook(hook: Hook) -> Identity:
    """Return who posts through a hook, where people prove who they are: a member of its room."""
    return Identity(hook_subject(hook.name), hook.name, rooms={hook.room: "member"})


def add_hook(
    name: str, room: str, token: str, *, by: str, has_people: bool | None = None
) -> Step[None]:
    """Return the step that adds a hook.

    Where people prove who they are, its name becomes its own and it a member of the room, which
    is on record. With None the log says whether they do: by its events about rights.

    Raises:
        Refused: if another hook has the name; where people prove who they are, also if anybody
            has it or one that looks like it, or if there is no such room.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        if await _hooks(connection, hooks.c.name == name):
            raise Refused("username_taken", "There is a hook of this name already.")
        number = await lookup.next_number(connection, hooks.c.id)
        hook = Hook(number, name, room, batch.now)
        if has_people or (has_people is None and await has_rights(connection)):
            await _admit(connection, batch, hook, by)
        row = {"id": number, "at": hook.at, "name": name, "room": room}
        await connection.execute(hooks.insert(), row | {"token_hash": _hash(token)})

    return step


async def _admit(connection: AsyncConnection, batch: Batch, hook: Hook, by: str) -> None:
    if await room_number(connection, hook.room) is None:
        raise RoomUnknown
    command = AdmitHook(hook.room, identity_of_hook(hook), by)
    (outcome,) = await appending([command], ids=False)(connection, batch)
    if isinstance(outcome, Refused):
        raise outcome


def remove_hook(which: str) -> Step[Hook]:
    """Return the step that removes a hook, given by its name or else its id; it returns the hook.

    Raises:
        Refused: if there is none.
    """

    async def step(connection: AsyncConnection, _batch: Batch) -> Hook:
        every = await _hooks(connection)
        named = [one for one in every if one.name == which]
        found = named or [one for one in every if str(one.id) == which]
        if not found:
            raise Refused("bad_command", "There is no such hook.")
        await connection.execute(hooks.delete().where(hooks.c.id == found[0].id))
        return found[0]

    return step


async def forget_hooks_of(connection: AsyncConnection, gone: Sequence[User]) -> None:
    """Remove the hooks that are among the users of an erased person."""
    names = [user.name for user in gone if user.name is not None and _may_be_hook(user, user.name)]
    await connection.execute(hooks.delete().where(hooks.c.name.in_(names)))


def _may_be_hook(user: User, name: str) -> bool:
    return user.subject is None or user.subject.subject == hook_subject(name)


async def all_hooks(database: Database) -> list[Hook]:
    """Return all hooks, by name."""
    async with database.read() as connection:
        return await _hooks(connection)


async def hook_at(database: Database, token: str) -> Hook | None:
    """Return the hook with this token.

    Raises:
        Unavailable: if the database cannot be read.
    """
    async with database.read() as connection:
        found = await _hooks(connection, hooks.c.token_hash == _hash(token))
    return found[0] if found else None


async def _hooks(
    connection: AsyncConnection, *which: sa.ColumnExpressionArgument[bool]
) -> list[Hook]:
    rows = (await connection.execute(_ALL.where(*which))).all()
    return [Hook(row.id, row.name, row.room, row.at) for row in rows]


def _hash(token: str) -> bytes:
    # Unsalted: a token is random, so that nobody can guess what the hash is of.
    return sha256(token.encode()).digest()
