"""Insert a room's events into the log unchanged: ids, sessions, nodes, times and hashes.

This happens in the caller's transaction under the log's lock, so a room is inserted completely
or not at all. The events have already been verified; only conflicts with the contents of this
log can stop it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, nodes, rooms
from chatlog.databases.schema.inserting import insert_rows
from chatlog.domain.errors import LogError
from chatlog.eventlog import lookup, read, rows
from chatlog.eventlog.append import SEEN, Batch
from chatlog.eventlog.committing.writer import Step
from chatlog.eventlog.plain_chats import PlainChat
from chatlog.eventlog.steps.newcomers import Newcomers
from chatlog.eventlog.write_sessions import write_sessions
from chatlog.kinds.details import contents_column, facts_of
from chatlog.kinds.event import Event, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left
from chatlog.kinds.proof import Proved

T = TypeVar("T")


@dataclass(slots=True)
class _Node:
    number: int
    last_at: str


class RoomInsertion:
    """The insertion of one room into the log."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._room = self._position = 0
        self._people = Newcomers(connection)
        self._nodes: dict[str, _Node] = {}

    async def begin(self, room: str, room_id: str) -> None:
        """Create the room.

        Raises:
            LogError: if it is already in the log.
        """
        either = sa.or_(rooms.c.room == room, rooms.c.uuid == room_id)
        found = (await self._connection.execute(sa.select(rooms.c.room).where(either))).first()
        if found is not None:
            raise LogError(f"This log already has events of the room, as {found.room!r}.")
        self._position = await read.end(self._connection)
        self._room = await lookup.next_number(self._connection, rooms.c.id)
        new = {"id": self._room, "uuid": room_id, "room": room}
        await self._connection.execute(rooms.insert(), new)

    async def add(self, page: Sequence[Proved | PlainChat]) -> None:
        """Append the room's next events. The author of a plain chat has joined in an earlier one.

        Raises:
            LogError: if this log has one of their users or sessions with other contents.
        """
        proved = [one for one in page if isinstance(one, Proved)]
        await self._people.know(proved)
        await self._know_nodes(p.recorded for p in proved)
        stays: list[Recorded] = []
        new = [self._row(one, stays) for one in page]
        try:
            await insert_rows(self._connection, events, new)
            await self._write_sessions(stays)
        except sa.exc.IntegrityError as error:
            raise LogError(f"This log already has part of the room: {error.orig}") from None

    async def finish(self) -> None:
        """Record when the room's nodes were last known to be alive, and what people are called."""
        seen = [{"number": n.number, "last": n.last_at} for n in self._nodes.values()]
        await self._connection.execute(SEEN, seen)
        await self._people.finish()

    def _row(self, one: Proved | PlainChat, stays: list[Recorded]) -> tuple[Any, ...]:
        """Return the row of the next event, and add one that begins or ends a session to stays."""
        self._position += 1
        if isinstance(one, PlainChat):
            user, node = self._people.numbers[one.author.user.id], self._nodes[one.author.node]
            node.last_at = one.at
            return one.row(self._position, self._room, user, node.number)
        recorded, proof = one.recorded.moved(self._position), one.proof
        event = recorded.event
        self._nodes[event.node].last_at = recorded.at
        if type(event) is Joined or type(event) is Left:
            stays.append(recorded)
        sealed = (proof.text_commitment, proof.text_salt, event.text)
        further = contents_column(event, proof.salts)
        return rows.event_row(recorded, facts_of(one), *self._places(event), sealed, further)

    def _places(self, event: Event) -> tuple[int, int, int]:
        """Return the numbers in this log of an event's room, user and node."""
        user = self._people.numbers[event.user.id]
        return self._room, user, self._nodes[event.node].number

    async def _write_sessions(self, stays: Sequence[Recorded]) -> None:
        opened, closed = [], []
        for recorded in stays:
            event = recorded.event
            if type(event) is Joined:
                opened.append(rows.session_opened(recorded, event, *self._places(event)))
            elif type(event) is Left:
                closed.append(rows.session_closed(recorded, event))
        await write_sessions(self._connection, opened, closed)

    async def _know_nodes(self, page: Iterable[Recorded]) -> None:
        """Find or make the nodes of some events, numbered in the order in which they appear."""
        missing: dict[str, Recorded] = {}
        for recorded in page:
            if (node := recorded.event.node) not in self._nodes:
                missing.setdefault(node, recorded)
        if not missing:
            return
        known = sa.select(nodes.c.node, nodes.c.id).where(nodes.c.node.in_(missing))
        for row in (await self._connection.execute(known)).all():
            self._nodes[row.node] = _Node(row.id, missing.pop(row.node).at)
        if missing:
            await self._make_nodes(missing)

    async def _make_nodes(self, missing: dict[str, Recorded]) -> None:
        """Enter them as ended: what they left open lapses at the next start of a server."""
        begin = await lookup.next_number(self._connection, nodes.c.id)
        new = []
        for number, (node, first) in enumerate(missing.items(), begin):
            self._nodes[node] = _Node(number, first.at)
            times = dict.fromkeys(("started_at", "seen_at", "ended_at"), first.at)
            new.append({"id": number, "node": node, "name": node.rpartition(".")[0], **times})
        await self._connection.execute(nodes.insert(), new)


def inserting(work: Callable[[RoomInsertion, str], Awaitable[T]]) -> Step[T]:
    """Return the step that inserts a room; ``work`` also gets the database's time."""

    async def step(connection: AsyncConnection, batch: Batch) -> T:
        return await work(RoomInsertion(connection), batch.now)

    return step
