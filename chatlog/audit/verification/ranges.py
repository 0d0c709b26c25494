"""Verify in pieces: ranges of a room's seqs that are checked concurrently.

Each piece begins with the state that the tables claim for its start. Combined in order, each
piece must end with the state with which the next one began; the first begins at the room's
beginning. If two differ, the tables disagreed with the events: the earlier piece is checked
again and continued to the first event that is wrong.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.verification.check_events import Wrong
from chatlog.audit.verification.check_room import RoomCheck, RoomVerdict
from chatlog.audit.verification.missing_content import MissingContent
from chatlog.audit.verification.room_states import RoomState, claimed
from chatlog.audit.verification.stored_rows import BEFORE_ALL, raise_if_away
from chatlog.databases.database import Database
from chatlog.databases.schema import events, rooms
from chatlog.domain.errors import Unavailable

EVENTS: Final = 25_000
"""In one piece, and in one task of several rooms."""

_PAGE: Final = 1_000
_ROOMS: Final = (
    sa.select(
        rooms.c.id,
        rooms.c.room,
        rooms.c.uuid,
        sa.select(sa.func.max(events.c.seq))
        .where(events.c.room_id == rooms.c.id)
        .scalar_subquery(),
    )
    .where(rooms.c.id > sa.bindparam("after"))
    .order_by(rooms.c.id)
    .limit(_PAGE)
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of a room's seqs; ``last`` is None for the range up to the end."""

    room: int
    name: str
    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """The result for a piece; ``begins`` and ``ends`` are digests of states."""

    piece: Piece
    head: int
    hash: str
    missing: MissingContent
    begins: bytes | None = None
    ends: bytes | None = None
    wrong: tuple[int, str] | None = None


Tell = Callable[[int], None]


async def plan(
    database: Database, since: Mapping[str, int], *, only: int | None, size: int = EVENTS
) -> AsyncIterator[list[Piece]]:
    """Yield tasks of several pieces each, in order of rooms and seqs.

    ``since`` maps a room id to the seq up to which the room need not be checked again.
    """
    task: list[Piece] = []
    weight = 0
    async for number, name, room_id, head in _heads(database):
        if only not in {None, number}:
            continue
        first = since.get(room_id, 0) + 1
        for piece in _cut(number, name, first, head, size):
            task.append(piece)
            weight += (piece.last or head) - piece.first + 1
            if weight >= size:
                yield task
                task, weight = [], 0
    if task:
        yield task


def _cut(number: int, name: str, first: int, head: int, size: int) -> list[Piece]:
    starts = range(first, max(head, first) + 1, size)
    pieces = [Piece(number, name, start, start + size - 1) for start in starts[:-1]]
    return [*pieces, Piece(number, name, starts[-1], None)]


async def _heads(database: Database) -> AsyncIterator[tuple[int, str, str, int]]:
    after = BEFORE_ALL
    while True:
        async with database.read() as connection:
            page = (await connection.execute(_ROOMS, {"after": after})).all()
        for number, name, room_id, head in page:
            yield number, str(name), room_id, head if isinstance(head, int) else 0
        if len(page) < _PAGE:
            return
        after = page[-1][0]


async def check_piece(database: Database, piece: Piece, tell: Tell = lambda _events: None) -> Found:
    """Check one piece, starting from the state that the tables claim."""
    begin = await _begin(database, piece.room, piece.first - 1)
    if begin is None:
        wrong = (piece.first, "the tables hold no valid state of the room before it")
        return Found(piece, piece.first - 1, "", MissingContent(), wrong=wrong)
    check = RoomCheck(database, piece.room, begin, piece.last, tell)
    found: tuple[int, str] | None = None
    try:
        await check.run()
    except Wrong as error:
        found = (error.seq, error.why)
    ends = check.state().digest()
    chain = check.chain
    return Found(piece, chain.head, chain.hash.hex(), chain.missing, begin.digest(), ends, found)


async def _begin(database: Database, room: int, seq: int) -> RoomState | None:
    try:
        async with database.read() as connection:
            return await claimed(connection, room, seq)
    except Unavailable as error:
        cause = error.__cause__
        assert isinstance(cause, Exception)
        raise_if_away(database.backend, cause)
        return None


async def put_together(database: Database, found: Sequence[Found]) -> RoomVerdict:
    """Return the verdict on a room from the results of all its pieces, in order."""
    missing, before = found[0].missing, None
    for one in found:
        if before is not None and one.begins != before.ends:
            return await _again(database, before, one)
        if one.wrong is not None:
            return _verdict(one, found[0], one.wrong)
        if before is not None:
            missing.go_on(one.missing)
        before = one
    assert before is not None
    return await _explained(database, missing, found[0], before)


async def _explained(
    database: Database, missing: MissingContent, first: Found, last: Found
) -> RoomVerdict:
    """Read erasures committed after the pieces were read, if missing content is unexplained."""
    while (unexplained := missing.first_unexplained()) is not None:
        piece = Piece(last.piece.room, last.piece.name, last.head + 1, None)
        more = await check_piece(database, piece)
        if more.wrong or more.head == last.head:
            return _verdict(more, first, more.wrong or unexplained)
        missing.go_on(more.missing)
        last = more
    return _verdict(last, first, None)


async def _again(database: Database, before: Found, one: Found) -> RoomVerdict:
    piece = before.piece
    again = await check_piece(database, Piece(piece.room, piece.name, piece.first, None))
    differs = (one.piece.first, "the sessions table differs from the events before it")
    return _verdict(again, before, again.wrong or differs)


def _verdict(found: Found, first: Found, wrong: tuple[int, str] | None) -> RoomVerdict:
    seq, why = wrong or (None, None)
    return RoomVerdict(first.piece.name, found.head, found.hash, seq, why, first.piece.first - 1)


async def last_position(connection: AsyncConnection) -> int:
    """Return the last position according to the tables."""
    found = (await connection.execute(sa.select(sa.func.max(events.c.position)))).scalar()
    return found if isinstance(found, int) else 0
