"""Read the data that a batch needs from the log, under the lock."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, meta, rooms, sessions, users
from chatlog.domain.room import MAX_REPLAY, Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import User
from chatlog.kinds.command import FirstPost

_NAMES: Final[sa.BindParameter[list[str]]] = sa.bindparam("names", expanding=True)

_OPERATOR: Final = "\0"


def _head() -> sa.ScalarSelect[int]:
    other = events.alias()
    return (
        sa.select(sa.func.max(other.c.seq)).where(other.c.room_id == rooms.c.id).scalar_subquery()
    )


_HEADS: Final = (
    sa.select(rooms.c.id, rooms.c.uuid, rooms.c.room, events.c.seq, events.c.hash, events.c.at)
    .select_from(rooms.join(events, events.c.room_id == rooms.c.id))
    .where(rooms.c.room.in_(_NAMES), events.c.seq == _head())
)
_OPEN: Final = (
    sa.select(sessions.c.session, users.c.uuid, users.c.username, users.c.id, users.c.commitment)
    .select_from(sessions.join(users))
    .where(sessions.c.room_id == sa.bindparam("room"), sessions.c.left_seq.is_(None))
    .order_by(sessions.c.joined_seq)
)
_CHATS: Final = (
    sa.select(events.c.seq)
    .where(events.c.room_id == sa.bindparam("room"), events.c.seq > sa.bindparam("after"))
    .where(events.c.type == "chat")
    .order_by(events.c.seq)
)
# A person's first event is a join. An operator only erases, so a person who uses an operator's
# name is a different user.
_IS_OPERATOR: Final = sa.and_(
    ~sa.exists().where(sessions.c.user_id == users.c.id),
    sa.exists().where(events.c.user_id == users.c.id),
)
_USERS: Final = (
    sa.select(
        users.c.uuid,
        users.c.username,
        users.c.id,
        users.c.commitment,
        _IS_OPERATOR.label("is_operator"),
    )
    .where(users.c.name_key.in_(_NAMES))
    .order_by(users.c.id.desc())
)
_HASH: Final = sa.select(events.c.hash).where(
    events.c.room_id == sa.bindparam("room"), events.c.seq == sa.bindparam("seq")
)
_FIRST_POSTS: Final = sa.select(
    events.c.room_id,
    events.c.user_id,
    events.c.client_id,
    events.c.seq,
    events.c.hash,
    events.c.type,
    events.c.text,
).where(events.c.client_id.in_(sa.bindparam("ids", expanding=True)))


async def rooms_at_head(connection: AsyncConnection, names: Sequence[str]) -> list[Room]:
    """Return the rooms with these names that have events, each at its head."""
    found = (await connection.execute(_HEADS, {"names": names})).all()
    return [
        Room(
            row.room,
            row.uuid,
            number=row.id,
            head=row.seq,
            hash=bytes(row.hash),
            at=row.at,
            sessions=await open_sessions(connection, row.id),
            chats=await _recent_chats(connection, row.id, row.seq),
        )
        for row in found
    ]


async def open_sessions(connection: AsyncConnection, room: int) -> OpenSessions:
    """Return the open sessions of a room, given by number."""
    found = await connection.execute(_OPEN, {"room": room})
    return OpenSessions(
        (row.session, User(row.uuid, row.username, row.id, bytes(row.commitment))) for row in found
    )


async def _recent_chats(connection: AsyncConnection, room: int, head: int) -> Sequence[int]:
    after = head - MAX_REPLAY
    return (await connection.execute(_CHATS, {"room": room, "after": after})).scalars().all()


async def next_number(connection: AsyncConnection, number: sa.Column[int]) -> int:
    """Return the number that a table's next row gets, given the column of its numbers."""
    found = await connection.execute(sa.select(sa.func.coalesce(sa.func.max(number), 0) + 1))
    return int(found.scalar_one())


async def name_secret(connection: AsyncConnection) -> bytes:
    """Return the secret key for hashing names."""
    found = await connection.execute(sa.select(meta.c.value).where(meta.c.name == "name_secret"))
    return bytes(found.scalar_one())


def name_key(secret: bytes, name: str) -> bytes:
    """Return the keyed hash that an index holds instead of the name."""
    return hmac.digest(secret, name.encode(), hashlib.sha256)[:16]


def operator(name: str) -> str:
    """Return the handle of an operator, which can never be a username."""
    return _OPERATOR + name


def name_in(handle: str) -> str:
    """Return the name in a handle: a username, or what ``operator`` returned."""
    return handle.removeprefix(_OPERATOR)


async def users_named(connection: AsyncConnection, handles: Iterable[str]) -> dict[str, User]:
    """Return the users who now have these names; the first, if an import brought several.

    A handle is a username, or an operator's name as ``operator`` returns it.
    """
    wanted = set(handles)
    found = {}
    for row in await _named(connection, map(name_in, wanted)):
        handle = operator(row.username) if row.is_operator else row.username
        if handle in wanted:
            found[handle] = User(row.uuid, row.username, row.id, bytes(row.commitment))
    return found


async def numbers_named(
    connection: AsyncConnection, name: str, *, operators: bool = True
) -> list[int]:
    """Return the numbers of all users who have this name; imports may have brought several."""
    found = await _named(connection, [name])
    return [row.id for row in found if operators or not row.is_operator]


async def _named(connection: AsyncConnection, names: Iterable[str]) -> Sequence[sa.Row[Any]]:
    secret = await name_secret(connection)
    keys = [name_key(secret, name) for name in names]
    return (await connection.execute(_USERS, {"names": keys})).all()


async def hash_at(connection: AsyncConnection, room: int, seq: int) -> bytes | None:
    """Return the chain hash of a room's event; None if there is no such event."""
    found = (await connection.execute(_HASH, {"room": room, "seq": seq})).scalar()
    return None if found is None else bytes(found)


async def first_posts(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[tuple[int, int, str], FirstPost]:
    """Return the events with these ids, by room number, user number and id."""
    found = await connection.execute(_FIRST_POSTS, {"ids": ids})
    return {
        (row.room_id, row.user_id, row.client_id): FirstPost(
            row.seq, bytes(row.hash), row.type, row.text
        )
        for row in found
    }
