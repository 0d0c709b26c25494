"""Erasing: delete content, keep its event, and append an event that records it.

``redact`` and ``erase_user`` return a step of one transaction, which deletes texts and further
contents (or a name) with their salts and appends the erasures, or does nothing. The chain still
verifies, because it holds only commitments. Erased content is out of every answer at the commit,
and out of a SQLite file once the WAL is truncated (``Sqlite.scrub``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, sessions, users
from chatlog.domain.errors import Refused
from chatlog.domain.room import Room
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Batch
from chatlog.eventlog.writer import Step
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.registry import MESSAGE_TYPES

MAX_SEQS: Final = 500
"""Most events that one erasure names; more need several erasures."""

_CHATS: Final = sa.select(events.c.seq).where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
    events.c.type.in_(MESSAGE_TYPES),
    events.c.text.is_not(None),
)
_DROP_TEXTS: Final = (
    events.update()
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
        events.c.type.in_(MESSAGE_TYPES),
    )
    .values(text=None, text_salt=None, contents=None)
)
_DROP_NAMES: Final = (
    users.update()
    .where(users.c.id.in_(sa.bindparam("numbers", expanding=True)))
    .values(username=None, salt=None, name_key=None)
)
_ROOMS_OF: Final = (
    sa.select(rooms.c.room)
    .where(
        rooms.c.id.in_(
            # Not from sessions: a user who only erased has events in rooms they never joined.
            sa.select(events.c.room_id).where(
                events.c.user_id.in_(sa.bindparam("numbers", expanding=True))
            )
        )
    )
    .order_by(rooms.c.room)
)
_OPEN_OF: Final = (
    sa.select(rooms.c.room, sessions.c.session)
    .select_from(sessions.join(rooms))
    .where(
        sessions.c.user_id.in_(sa.bindparam("numbers", expanding=True)),
        sessions.c.left_seq.is_(None),
    )
)
_EVENTS_OF: Final = (
    sa.select(events.c.seq)
    .where(
        events.c.room_id == sa.bindparam("room"),
        events.c.user_id.in_(sa.bindparam("numbers", expanding=True)),
    )
    .order_by(events.c.seq)
)


class StillPresent(Refused):
    """The user has open sessions, which must be closed before the name can go."""

    def __init__(self, open_sessions: list[tuple[str, str]]) -> None:
        super().__init__("bad_command", "The user is still present.")
        self.open_sessions = open_sessions


def seqs_of(recorded: Recorded) -> tuple[int, ...]:
    """Return the seqs that an erasure names."""
    event = recorded.event
    assert type(event) is Erased
    return event.of


def redact(room_name: str, seqs: Sequence[int], *, by: str, reason: str) -> Step[list[Recorded]]:
    """Return the step that erases the texts of chats of one room; it returns the erasures.

    Raises:
        Refused: if one of the seqs is no chat, or is erased already.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Recorded]:
        await batch.know(connection, {room_name}, {lookup.operator(by)})
        room = batch.room(room_name)
        wanted = sorted(set(seqs))
        for part in _parts(wanted):
            found = await connection.execute(_CHATS, {"room": room.number, "seqs": part})
            _check_all(part, found.scalars().all())
        return await erase_texts(connection, batch, room, wanted, by=by, reason=reason)

    return step


def erase_user(username: str, *, by: str, reason: str) -> Step[list[Recorded]]:
    """Return the step that erases a person: name, texts, and the tie from name to user.

    All users of this name are meant, but no operator: that is whoever is only on record for
    what they erased. It returns the erasures, in every room the person was in.

    Raises:
        Refused: if nobody has this name.
        StillPresent: if the user has open sessions.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Recorded]:
        numbers = await lookup.numbers_named(connection, username, operators=False)
        if not numbers:
            raise Refused("bad_command", "There is no user of this name.")
        still_open = await connection.execute(_OPEN_OF, {"numbers": numbers})
        if left := [(row.room, row.session) for row in still_open]:
            raise StillPresent(left)
        return await erase_users(connection, batch, username, numbers, by=by, reason=reason)

    return step


async def erase_users(
    connection: AsyncConnection,
    batch: Batch,
    username: str,
    numbers: Sequence[int],
    *,
    by: str,
    reason: str,
) -> list[Recorded]:
    """Erase users of one name without open sessions; return the erasures."""
    names = (await connection.execute(_ROOMS_OF, {"numbers": numbers})).scalars().all()
    await batch.know(connection, set(names), {lookup.operator(by)})
    erasures: list[Recorded] = []
    for room in map(batch.room, names):
        found = await connection.execute(_EVENTS_OF, {"room": room.number, "numbers": numbers})
        seqs = found.scalars().all()
        erasures += await erase_texts(connection, batch, room, seqs, by=by, reason=reason)
    await connection.execute(_DROP_NAMES, {"numbers": numbers})
    batch.forget_user(username, numbers)
    return erasures


async def erase_texts(
    connection: AsyncConnection,
    batch: Batch,
    room: Room,
    seqs: Sequence[int],
    *,
    by: str,
    reason: str,
) -> list[Recorded]:
    """Erase the texts of these events of a room; return the erasures.

    The batch must know the room, and ``by`` as an operator.
    """
    erasures = []
    for part in _parts(seqs):
        await connection.execute(_DROP_TEXTS, {"room": room.number, "seqs": part})
        event = Erased(batch.operator(by), batch.node, tuple(part), reason)
        erasures.append(batch.record(room, event))
    return erasures


def _parts(seqs: Sequence[int]) -> list[Sequence[int]]:
    return [seqs[start : start + MAX_SEQS] for start in range(0, len(seqs), MAX_SEQS)]


def _check_all(wanted: Sequence[int], found: Sequence[int]) -> None:
    if missing := sorted(set(wanted) - set(found)):
        raise Refused("bad_command", f"Not a message, or already erased: {missing}")
