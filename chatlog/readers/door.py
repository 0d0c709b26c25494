"""The door: every path that shows content to anybody asks here, and says who is asking.

Joining a room, its history, lists of users, the HTTP API, the shell and exports all pass
``admit``, and read with the ``Admission`` that it returns. ``decide`` is the rule: in open mode it
lets everybody in, and where people prove who they are it asks for the room's rights. A rule about
who may read what belongs there, and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from chatlog.audit.chats import ChatCounts
from chatlog.audit.rooms import RoomInfo, rooms_after
from chatlog.databases.database import Connection
from chatlog.domain.errors import ChatlogError, Refused, RoomUnknown, Unavailable
from chatlog.domain.identity import Identity
from chatlog.domain.names import is_private_name
from chatlog.domain.rights import is_claim_due
from chatlog.eventlog.steps.looks import What
from chatlog.readers.admission import Admission
from chatlog.readers.askers import Asker, Operator, Person
from chatlog.readers.past_events import Reading
from chatlog.readers.rooms_seen import rooms_seen_by
from chatlog.readers.standing import Reach, is_secret, reach_in
from chatlog.readers.whole_log import WholeLog

Action = Literal[
    "rooms",
    "join",
    "read",
    "proof",
    "users",
    "users_at",
    "sessions",
    "witnesses",
    "looks",
    "verify",
    "export",
    "follow",
]
"""What an asker wants: the list of rooms, something of one room, or to follow all of them."""

_AUDITED: Final[dict[Action, What]] = {
    "proof": "proof",
    "users_at": "users_at",
    "sessions": "sessions",
    "witnesses": "witnesses",
    "looks": "read",
    "verify": "verify",
}


@dataclass(frozen=True, slots=True)
class Clerk:
    """What the door needs of the log's writer: its clock, and to put something on record.

    ``grant`` gives a person the role that their token grants in a room. ``look`` records what a
    person looked at by a scope.
    """

    now: Callable[[], str]
    grant: Callable[[Person, str], Awaitable[None]]
    look: Callable[[Identity, What, str | None, int | None], Awaitable[None]]


class Door:
    """Admits askers to rooms.

    ``reading`` and ``prompt`` are those of ``Admission``; without ``prompt`` they are the same.
    Persons come only with a ``clerk``.
    """

    def __init__(
        self, reading: Reading, prompt: Reading | None = None, clerk: Clerk | None = None
    ) -> None:
        self._reading = reading
        self._prompt = prompt or reading
        self.clerk = clerk
        self.is_closed = False
        self._chats = ChatCounts()

    async def decide(
        self, asker: Asker, action: Action, room: str | None, seq: int | None = None
    ) -> tuple[int, int | None]:
        """Return the first and last seq that the asker may see; None is no end.

        The list of rooms is of no ``room``: each of its rooms is decided on by itself.

        Raises:
            Refused: ``forbidden``, or ``room_unknown`` for a room that does not exist or is none
                to the asker, never in open mode, in which every name is a claim; ``unavailable``
                if a look cannot be put on record, and once the door is closed.
        """
        if self.is_closed:
            raise Unavailable("This server shows nothing more. Try again.")
        if not isinstance(asker, Person) or action == "join" or room is None:
            return 1, None
        identity = asker.identity
        if action in _AUDITED and not (identity.is_audit or identity.is_admin):
            raise Refused("forbidden", "This needs a token with the scope `audit` or `admin`.")
        await self._refuse_strangers(identity, room)
        reach = await self._reach(asker, room)
        reach.standing.authorize("read")
        if action in _AUDITED:
            await self._record(identity, _AUDITED[action], room, seq)
        elif reach.standing.is_allowed_by_scope_alone():
            await self._record(identity, "read", room, None)
        return reach.lowest, reach.head

    async def knock(self, identity: Identity, room: str, via: str | None = None) -> None:
        """Refuse whoever may not know that a private room exists, before anything else is done.

        What the log's writer would do for a room that exists takes longer. Rights are decided
        later, by whoever admits or appends.

        Raises:
            RoomUnknown: also if there is no such room.
        """
        await self._refuse_strangers(identity, room)
        if is_private_name(room) and room in identity.rooms:
            await self._reach(Person(identity, via), room)

    async def _refuse_strangers(self, identity: Identity, room: str) -> None:
        """Refuse those to whom neither a scope nor their token's claim tells of a private room.

        Raises:
            RoomUnknown: after the same look-ups whether the room exists or not.
        """
        is_told = identity.is_admin or identity.is_audit or room in identity.rooms
        if is_told or not is_private_name(room):
            return
        assert self.clerk is not None
        async with self._prompt() as connection:
            if await is_secret(connection, identity, room, self.clerk.now()):
                raise RoomUnknown

    async def _reach(self, person: Person, room: str) -> Reach:
        assert self.clerk is not None
        identity = person.identity
        reach = await self._reach_now(identity, room)
        granted = identity.rooms.get(room)
        if granted is None or not reach.standing.exists:
            return reach
        if not is_claim_due(reach.standing.asker.appointments, granted):
            return reach
        with _unavailable_if_unknown():
            await self.clerk.grant(person, room)
        return await self._reach_now(identity, room)

    async def _reach_now(self, identity: Identity, room: str) -> Reach:
        assert self.clerk is not None
        async with self._prompt() as connection:
            return await reach_in(connection, identity, room, self.clerk.now())

    async def _record(
        self, identity: Identity, what: What, room: str | None, seq: int | None
    ) -> None:
        assert self.clerk is not None
        with _unavailable_if_unknown():
            await self.clerk.look(identity, what, room, seq)

    async def admit(
        self, asker: Asker, room: str, action: Action, seq: int | None = None
    ) -> Admission:
        """Let the asker in, and return what reads the room. ``seq`` is what they look at.

        Raises:
            Refused: as ``decide``.
        """
        lowest, highest = await self.decide(asker, action, room, seq)
        return Admission(asker, room, lowest, highest, self._reading, self._prompt)

    async def admit_everywhere(self, asker: Operator) -> WholeLog:
        """Let an operator in, and return what reads every room, whoever may read it."""
        await self.decide(asker, "follow", None)
        return WholeLog(self._reading)

    async def rooms(self, asker: Asker, after: str, *, limit: int) -> list[RoomInfo]:
        """Return the rooms after a name that the asker may see, in order of code points.

        Raises:
            Refused: as ``decide``.
        """
        await self.decide(asker, "rooms", None)
        async with self._reading() as connection:
            if not isinstance(asker, Person):
                rooms = await rooms_after(connection, after, limit=limit)
                return await self._with_chats(connection, rooms)
            assert self.clerk is not None
            now = self.clerk.now()
            seen = await rooms_seen_by(connection, asker.identity, after, limit=limit, now=now)
            rooms = await self._with_chats(connection, seen.rooms)
        if seen.by_scope:
            await self._record(asker.identity, "read", None, None)
        return rooms

    async def _with_chats(self, connection: Connection, rooms: list[RoomInfo]) -> list[RoomInfo]:
        """Return the rooms with their numbers of chats, where the asker may know the head."""
        heads = {room.number: room.head for room in rooms if room.head is not None}
        chats = await self._chats.count(connection, heads)
        return [replace(room, chats=chats.get(room.number)) for room in rooms]


@contextlib.contextmanager
def _unavailable_if_unknown() -> Iterator[None]:
    """Refuse what may not be on record: nothing is shown for it."""
    try:
        yield
    except Refused:
        raise
    except ChatlogError as error:
        raise Unavailable from error
