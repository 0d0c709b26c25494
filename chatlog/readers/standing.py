"""The standing of one person in rooms: what the rooms' events say of their rights.

Read from one snapshot, in as many queries for many rooms as for one. A room that does not exist
costs the same queries as one that does: the time of an answer does not give a private room away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatlog.databases.database import Connection
from chatlog.domain.errors import Refused, RoomUnknown
from chatlog.domain.identity import Identity
from chatlog.domain.rights import OPEN, Action, Asker, Rules, authorize, beginning
from chatlog.eventlog import lookup, read, rights

_NOBODY: Final = -1


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


async def reach_in(connection: Connection, identity: Identity, room: str, at: str) -> Reach:
    """Return how far a person may read a room, at a time."""
    number, head = await read.number_and_head(connection, room) or (_NOBODY, 0)
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
            number != _NOBODY,
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
