"""Insert a room's events into the log unchanged: ids, sessions, nodes, times and hashes.

This happens in the caller's transaction under the log's lock, so a room is inserted completely
or not at all. The events have already been verified; only conflicts with the contents of this
log can stop it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import nodes, rooms, sessions, users
from chatlog.domain.errors import LogError
from chatlog.domain.users import User
from chatlog.eventlog import lookup, read, rows
from chatlog.eventlog.append import SEEN, Batch
from chatlog.eventlog.writer import Step
from chatlog.kinds.contents import column
from chatlog.kinds.details import facts_of
from chatlog.kinds.event import Proved, Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

T = TypeVar("T")

_END: Final = ("left_seq", "left_at", "cause", "last_seen_at")
_CLOSE: Final = (
    sessions.update()
    .where(sessions.c.session == sa.bindparam("ended"))
    .values({name: sa.bindparam(name) for name in _END})
)


@dataclass(slots=True)
class _Node:
    number: int
    last_at: str


class RoomInsertion:
    """The insertion of one room into the log."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._room = self._position = 0
        self._secret = b""
        self._users: dict[str, int] = {}
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
        self._secret = await lookup.name_secret(self._connection)
        self._position = await read.end(self._connection)
        self._room = await lookup.next_number(self._connection, rooms.c.id)
        new = {"id": self._room, "uuid": room_id, "room": room}
        await self._connection.execute(rooms.insert(), new)

    async def add(self, page: Sequence[Proved]) -> None:
        """Append the room's next events.

        Raises:
            LogError: if this log has one of their users or sessions with other contents.
        """
        await self._know_users({p.recorded.event.user.id: p for p in page})
        await self._know_nodes({p.recorded.event.node: p.recorded for p in reversed(page)})
        placed = [self._place(proved.recorded) for proved in page]
        try:
            await self._insert([self._row(*both) for both in zip(placed, page, strict=True)])
            await self._write_sessions(placed)
        except sa.exc.IntegrityError as error:
            raise LogError(f"This log already has part of the room: {error.orig}") from None

    async def finish(self) -> None:
        """Record when the room's nodes were last known to be alive."""
        seen = [{"number": n.number, "last": n.last_at} for n in self._nodes.values()]
        await self._connection.execute(SEEN, seen)

    def _place(self, recorded: Recorded) -> Recorded:
        """Return the event with its position and its user's number in this log."""
        self._position += 1
        event = recorded.event
        user = replace(event.user, number=self._users[event.user.id])
        self._nodes[event.node].last_at = recorded.at
        return replace(recorded, position=self._position, event=event.of_user(user))

    def _row(self, recorded: Recorded, proved: Proved) -> tuple[Any, ...]:
        event, proof = recorded.event, proved.proof
        sealed = (proof.text_commitment, proof.text_salt, event.text)
        further = column(event, proof.salts)
        node = self._nodes[event.node].number
        return rows.event_row(recorded, facts_of(proved), self._room, node, sealed, further)

    async def _insert(self, new: list[tuple[Any, ...]]) -> None:
        statement = rows.insert_events(self._connection.dialect)
        await self._connection.exec_driver_sql(statement, new)

    async def _write_sessions(self, placed: Sequence[Recorded]) -> None:
        opened, closed = [], []
        for recorded in placed:
            event = recorded.event
            if isinstance(event, Joined):
                node = self._nodes[event.node].number
                opened.append(rows.session_opened(recorded, event, self._room, node))
            elif isinstance(event, Left):
                closed.append(rows.session_closed(recorded, event))
        if opened:
            await self._connection.execute(sessions.insert(), opened)
        if closed:
            await self._connection.execute(_CLOSE, closed)

    async def _know_users(self, speaking: dict[str, Proved]) -> None:
        missing = {id: proved for id, proved in speaking.items() if id not in self._users}
        if not missing:
            return
        found = await self._connection.execute(sa.select(users).where(users.c.uuid.in_(missing)))
        for row in found.all():
            proved = missing.pop(row.uuid)
            _check_same(row, proved)
            self._users[row.uuid] = row.id
        if missing:
            await self._make_users(missing)

    async def _make_users(self, missing: dict[str, Proved]) -> None:
        first = await lookup.next_number(self._connection, users.c.id)
        new = []
        for number, (id, proved) in enumerate(missing.items(), first):
            self._users[id] = number
            new.append(self._user_row(number, proved.recorded.event.user, proved.proof.name_salt))
        await self._connection.execute(users.insert(), new)

    def _user_row(self, number: int, user: User, salt: bytes | None) -> dict[str, Any]:
        return {
            "id": number,
            "uuid": user.id,
            "username": user.name,
            "salt": salt,
            "commitment": user.commitment,
            "name_key": None if user.name is None else lookup.name_key(self._secret, user.name),
        }

    async def _know_nodes(self, working: dict[str, Recorded]) -> None:
        missing = {node: first for node, first in working.items() if node not in self._nodes}
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


def _check_same(row: sa.Row[Any], proved: Proved) -> None:
    user = proved.recorded.event.user
    if row.username != user.name or bytes(row.commitment) != user.commitment:
        raise LogError(
            f"This log has the user {user.id} with another name or commitment: "
            "the name was erased here or in the file, or one of the two was changed."
        )
