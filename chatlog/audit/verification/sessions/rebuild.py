"""Rebuild the sessions table from the events, and replace it if it differs.

Both happen in the caller's transaction under the log's lock, so nobody sees a half-replaced
table. The rebuild trusts the events; ``verify`` checks them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.check_events import Wrong
from chatlog.audit.verification.sessions.refold import Refold
from chatlog.databases.backend import Backend
from chatlog.databases.schema import nodes, rooms, sessions
from chatlog.domain.errors import LogError
from chatlog.eventlog import read, rows
from chatlog.kinds.event import Recorded
from chatlog.kinds.join import Joined
from chatlog.kinds.leave import Left

_PAGE: Final = 1_000
_TYPES: Final = ("join", "leave")
_ROOMS: Final = sa.select(rooms.c.id, rooms.c.room).order_by(rooms.c.id)
_END: Final[dict[str, Any]] = dict.fromkeys(("left_seq", "left_at", "cause", "last_seen_at"))

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference in a room; without a room, rows of a room that does not exist."""

    room: str | None
    why: str


async def differences(
    connection: AsyncConnection, backend: Backend, tell: Tell
) -> list[Difference]:
    """Return the first difference between the table and the fold of the events, by room."""
    found = []
    for number, name in (await connection.execute(_ROOMS)).all():
        try:
            await _compare(connection, backend, number, tell)
        except Wrong as error:
            found.append(Difference(name, str(error)))
    homeless = sessions.c.room_id.not_in(sa.select(rooms.c.id))
    if (await connection.execute(sa.select(sessions.c.session).where(homeless).limit(1))).first():
        found.append(
            Difference(None, "the sessions table has sessions of a room that is not in the log")
        )
    return found


async def _compare(connection: AsyncConnection, backend: Backend, room: int, tell: Tell) -> None:
    refold, head = Refold(backend, room), 0
    async for page in _pages(connection, room):
        for recorded in page:
            _check(recorded, refold)
            refold.apply(recorded)
        await refold.compare_closed(connection)
        head = page[-1].seq
        tell(len(page))
    await refold.compare_rest(connection, head)


def _check(recorded: Recorded, refold: Refold) -> None:
    event = recorded.event
    assert isinstance(event, Joined | Left)
    if isinstance(event, Left) != refold.is_open(event.session):
        raise LogError(
            f"Event {recorded.seq} of {recorded.room!r} is invalid: run `chatlog verify`."
        )


async def _pages(connection: AsyncConnection, room: int) -> AsyncIterator[list[Recorded]]:
    after = 0
    while True:
        page = await read.read_room(connection, room, after + 1, 2**62, limit=_PAGE, types=_TYPES)
        if not page:
            return
        yield page
        after = page[-1].seq


async def replace(connection: AsyncConnection, tell: Tell) -> int:
    """Rewrite the table; return the number of its sessions."""
    numbers = {row.node: row.id for row in await connection.execute(sa.select(nodes))}
    await connection.execute(sessions.delete())
    count = 0
    for room, _ in (await connection.execute(_ROOMS)).all():
        open_: dict[str, dict[str, Any]] = {}
        async for page in _pages(connection, room):
            await _insert(connection, [s for r in page if (s := _fold(r, room, numbers, open_))])
            count += sum(isinstance(recorded.event, Joined) for recorded in page)
            tell(len(page))
        await _insert(connection, list(open_.values()))
    return count


def _fold(
    recorded: Recorded, room: int, numbers: dict[str, int], open_: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """Fold one event into the open sessions; return the session that it ends."""
    event = recorded.event
    if isinstance(event, Joined):
        places = (room, event.user.number, numbers[event.node])
        opened = rows.session_opened(recorded, event, *places)
        open_[event.session] = opened | _END
        return None
    assert isinstance(event, Left)
    end = rows.session_closed(recorded, event)
    return open_.pop(event.session) | {name: end[name] for name in _END}


async def _insert(connection: AsyncConnection, new: list[dict[str, Any]]) -> None:
    if new:
        await connection.execute(sessions.insert(), new)
