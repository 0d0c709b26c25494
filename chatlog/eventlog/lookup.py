"""Read the data that a batch needs from the log, under the lock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import (
    events,
    meta,
    rooms,
    sessions,
    skeleton_keys,
    stored_bytes,
    subjects,
    users,
)
from chatlog.domain.names import name_key
from chatlog.domain.room import MAX_REPLAY, Room
from chatlog.domain.sessions import OpenSessions
from chatlog.domain.users import Subject, User
from chatlog.eventlog.rights import rights_of
from chatlog.eventlog.rows import USER, WITH_SUBJECT, user_in
from chatlog.kinds.command import FirstPost
from chatlog.kinds.registry import MESSAGE_TYPES

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
_OPEN: Final[sa.Select[Any]] = (
    sa.select(sessions.c.session, *USER)
    .select_from(sessions.join(WITH_SUBJECT, users.c.id == sessions.c.user_id))
    .where(sessions.c.room_id == sa.bindparam("room"), sessions.c.left_seq.is_(None))
    .order_by(sessions.c.joined_seq)
)
_CHATS: Final = (
    sa.select(events.c.seq)
    .where(events.c.room_id == sa.bindparam("room"), events.c.seq > sa.bindparam("after"))
    .where(events.c.type == "chat")
    .order_by(events.c.seq)
)
# A person joins or writes messages. An operator only erases, so a person who uses an operator's
# name is a different user.
_IS_OPERATOR: Final = sa.and_(
    users.c.subject_id.is_(None),
    ~sa.exists().where(sessions.c.user_id == users.c.id),
    sa.exists().where(events.c.user_id == users.c.id),
    ~sa.exists().where(events.c.user_id == users.c.id, events.c.type.in_(MESSAGE_TYPES)),
)
_USERS: Final = (
    sa.select(
        users.c.uuid,
        users.c.username,
        users.c.id,
        users.c.commitment,
        users.c.subject_id,
        _IS_OPERATOR.label("is_operator"),
    )
    .where(users.c.name_key.in_(_NAMES))
    .order_by(users.c.id.desc())
)
_LOOKS: Final = (
    sa.select(users, skeleton_keys.c.skeleton_key)
    .select_from(skeleton_keys.join(users))
    .where(
        skeleton_keys.c.version_id == sa.bindparam("version"),
        skeleton_keys.c.skeleton_key.in_(_NAMES),
    )
)
_HASH: Final = sa.select(events.c.hash).where(
    events.c.room_id == sa.bindparam("room"), events.c.seq == sa.bindparam("seq")
)
_FIRST_POSTS: Final = (
    sa.select(
        events.c.room_id,
        rooms.c.room,
        events.c.user_id,
        users.c.subject_id,
        events.c.client_id,
        events.c.seq,
        events.c.hash,
        events.c.type,
        events.c.text,
    )
    .select_from(events.join(users).join(rooms))
    .where(events.c.client_id.in_(sa.bindparam("ids", expanding=True)))
)
_creation: Final = events.alias("creation")
_after: Final = events.alias("after")
# The last event before the first one that does not belong to the creation of the room.
_CREATION: Final = (
    sa.select(
        sa.func.coalesce(
            sa.select(_after.c.seq - 1)
            .where(_after.c.room_id == _creation.c.room_id, _after.c.seq > _creation.c.seq)
            .where(
                sa.or_(
                    _after.c.type != "member",
                    _after.c.user_id != _creation.c.user_id,
                    _after.c.at != _creation.c.at,
                )
            )
            .order_by(_after.c.seq)
            .limit(1)
            .scalar_subquery(),
            sa.select(sa.func.max(_after.c.seq))
            .where(_after.c.room_id == _creation.c.room_id)
            .scalar_subquery(),
        )
    )
    .select_from(_creation)
    .where(_creation.c.room_id == sa.bindparam("room"), _creation.c.seq == sa.bindparam("first"))
)


_SUBJECT_NUMBER: Final = sa.select(subjects.c.id).where(
    subjects.c.subject_key == sa.bindparam("key")
)


async def rooms_at_head(connection: AsyncConnection, names: Sequence[str]) -> list[Room]:
    """Return the rooms with these names that have events, each at its head."""
    found = (await connection.execute(_HEADS, {"names": names})).all()
    return [
        Room(
            row.room,
            row.uuid,
            number=row.id,
            head=row.seq,
            hash=stored_bytes(row.hash),
            at=row.at,
            sessions=await open_sessions(connection, row.id),
            chats=await _recent_chats(connection, row.id, row.seq),
            rights=await rights_of(connection, row.id),
        )
        for row in found
    ]


async def open_sessions(connection: AsyncConnection, room: int) -> OpenSessions:
    """Return the open sessions of a room, given by number."""
    found = await connection.execute(_OPEN, {"room": room})
    return OpenSessions((row.session, user_in(row)) for row in found.all())


async def subject_number(connection: AsyncConnection, subject: str) -> int | None:
    """Return the number of a subject; None if it has no events."""
    key = name_key(await name_secret(connection), subject)
    found: int | None = (await connection.execute(_SUBJECT_NUMBER, {"key": key})).scalar()
    return found


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
    return stored_bytes(found.scalar_one())


async def log_id(connection: AsyncConnection) -> str:
    """Return an id of this log that tells nothing of it, 16 hexadecimal digits."""
    return hashlib.sha256(b"log" + await name_secret(connection)).hexdigest()[:16]


def operator(name: str) -> str:
    """Return the handle of an operator, which can never be a username."""
    return _OPERATOR + name


def name_in(handle: str) -> str:
    """Return the name in a handle: a username, or what ``operator`` returned."""
    return handle.removeprefix(_OPERATOR)


async def users_named(connection: AsyncConnection, handles: Iterable[str]) -> dict[str, User]:
    """Return the users who now have these names; the first, if an import brought several.

    The users of subjects are not among them: nobody becomes one by a name.

    A handle is a username, or an operator's name as ``operator`` returns it.
    """
    wanted = set(handles)
    found = {}
    for row in await _named(connection, map(name_in, wanted)):
        if row.subject_id is not None:
            continue
        handle = operator(row.username) if row.is_operator else row.username
        if handle in wanted:
            found[handle] = User(row.uuid, row.username, row.id, stored_bytes(row.commitment))
    return found


async def users_that_look_like(
    connection: AsyncConnection, version: int, keys: Iterable[bytes]
) -> list[tuple[bytes, User]]:
    """Return the subjects' users whose names have these keys of skeletons, of a version.

    Of each subject only the number is read.
    """
    found = await connection.execute(_LOOKS, {"version": version, "names": list(keys)})
    return [(stored_bytes(row.skeleton_key), _of_subject(row)) for row in found]


def _of_subject(row: sa.Row[Any]) -> User:
    subject = Subject("", None, row.subject_id, b"")
    return User(row.uuid, row.username, row.id, stored_bytes(row.commitment), subject)


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
    return None if found is None else stored_bytes(found)


async def first_posts(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[tuple[int, int, str], FirstPost]:
    """Return the events with these ids, by room number, ``owner_of`` the user and id."""
    found = await connection.execute(_FIRST_POSTS, {"ids": ids})
    return {
        (row.room_id, _owner(row.user_id, row.subject_id), row.client_id): FirstPost(
            row.seq, stored_bytes(row.hash), row.type, row.text, row.room
        )
        for row in found
    }


async def last_of_creation(connection: AsyncConnection, room: int, first: FirstPost) -> FirstPost:
    """Return the last event of the command whose first event created a room, given by number.

    The others are the member events right after it, of the same person and time.
    """
    asked = {"room": room, "first": first.seq}
    seq = int((await connection.execute(_CREATION, asked)).scalar_one())
    digest = await hash_at(connection, room, seq)
    return first if digest is None else replace(first, seq=seq, hash=digest)


def owner_of(user: User) -> int:
    """Return the number of who owns a user's ids: the subject, whatever its names, or the user."""
    return _owner(user.number, None if user.subject is None else user.subject.number)


def _owner(user: int, subject: int | None) -> int:
    return user if subject is None else -subject
