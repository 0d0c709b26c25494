"""The standing of one person in rooms: what the rooms' events say of their rights.

Read from one snapshot, in as many queries for many rooms as for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatlog.databases.database import Connection
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.rights import (
    OPEN,
    Action,
    Asker,
    Rules,
    authorize,
    beginning,
    is_at_least,
    role_at,
)
from chatlog.eventlog import lookup, read, rights
from chatlog.eventlog.rights import NO_ROOM

_NOBODY: Final = -1
"""The number of no subject."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person in a room: its state, their roles and scopes; ``exists`` is False for no room."""

    exists: bool
    rules: Rules
    asker: Asker

    def authorize(self, action: Action) -> None:
        """Refuse an action that the person has no right to, in whatever way the room is seen.

        Raises:
            Refused: ``forbidden`` or ``room_unknown``.
        """
        if not self.exists:
            raise RoomUnknown
        authorize(self.rules, self.asker, action)

    def is_admitted(self) -> bool:
        """Return whether the person may read the room."""
        try:
            self.authorize("read")
        except Refused:
            return False
        return True

    def is_allowed_by_scope_alone(self) -> bool:
        """Return whether the person reads the room only because of the token's scope."""
        try:
            authorize(self.rules, Asker(self.asker.appointments, self.asker.at), "read")
        except Refused:
            return self.asker.is_admin or self.asker.is_audit
        return False


@dataclass(frozen=True, slots=True)
class Reach:
    """A person's standing in a room, and the part of it that they may read."""

    standing: Standing
    lowest: int
    head: int


async def is_secret(connection: Connection, identity: Identity, room: str, at: str) -> bool:
    """Return whether a room does not exist, or must seem so to a person without a scope.

    Neither how long this takes nor what it reads tells which of the two: each look-up is one at
    an index, whatever the room's size, and is made for a name that nobody made too.
    """
    number, was_public = await rights.number_and_publicity(connection, room)
    subject = await subject_of(connection, identity)
    roles = await rights.roles_of(connection, [number], subject)
    role = role_at(roles.get(number, ()), at)
    return not was_public and not is_at_least(role, "reader")


async def reach_in(connection: Connection, identity: Identity, room: str, at: str) -> Reach:
    """Return how far a person may read a room, at a time."""
    number, head = await read.number_and_head(connection, room) or (NO_ROOM, 0)
    subject = await subject_of(connection, identity)
    [standing] = await standings_in(connection, identity, subject, [number], at)
    lowest = await _lowest(connection, number, subject, standing, head)
    return Reach(standing, lowest, head)


async def standings_in(
    connection: Connection,
    identity: Identity,
    subject: int,
    numbers: Sequence[int],
    at: str,
) -> list[Standing]:
    """Return a person's standing in each of the rooms of these numbers."""
    states = await rights.states_of(connection, numbers)
    roles = await rights.roles_of(connection, numbers, subject)
    return [
        Standing(
            number != NO_ROOM,
            states.get(number, OPEN),
            Asker(roles.get(number, ()), at, identity.is_admin, identity.is_audit),
        )
        for number in numbers
    ]


async def _lowest(
    connection: Connection, room: int, subject: int, standing: Standing, head: int
) -> int:
    if standing.rules.history == "all":
        return 1
    first_join = await rights.first_join(connection, room, subject)
    point = beginning(standing.rules, standing.asker, first_join)
    if isinstance(point, str):
        point = await rights.first_since(connection, room, point)
    return head + 1 if point is None else point


async def subject_of(connection: Connection, identity: Identity) -> int:
    """Return the number of a person's subject; an invented one if the log has none."""
    number = await lookup.subject_number(connection, identity.subject)
    return _NOBODY if number is None else number
