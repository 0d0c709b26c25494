"""Erasing: delete content, keep its event, and append an event that records it.

``redact`` and ``erase_user`` return a step of one transaction, which deletes texts and further
contents (or a name) with their salts and appends the erasures, or does nothing. The chain still
verifies, because it holds only commitments. Erased content is out of every answer at the commit,
and out of a SQLite file once the WAL is truncated (``Sqlite.scrub``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import (
    events,
    looks,
    rooms,
    sessions,
    skeleton_keys,
    subjects,
    users,
)
from chatlog.domain.errors import Refused
from chatlog.domain.names import name_key
from chatlog.domain.rights import Role, changes_nothing, role_at
from chatlog.domain.room import Room
from chatlog.domain.users import Subject, User
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step
from chatlog.eventlog.rights import rights_of
from chatlog.eventlog.rows import USER, WITH_SUBJECT, user_in
from chatlog.eventlog.steps.erasing_texts import check_erasable, erase_texts
from chatlog.eventlog.steps.hooks import forget_hooks_of
from chatlog.eventlog.steps.revocations import revoke_subject
from chatlog.kinds.erasure import Erased
from chatlog.kinds.event import Recorded
from chatlog.kinds.member import Appointed

_asked: Final = users.alias("asked")
_NUMBERS: Final[sa.BindParameter[list[int]]] = sa.bindparam("numbers", expanding=True)
_SUBJECTS: Final[sa.BindParameter[list[int]]] = sa.bindparam("subjects", expanding=True)
_DROP_NAMES: Final = (
    users.update().where(users.c.id.in_(_NUMBERS)).values(username=None, salt=None, name_key=None)
)
_DROP_SUBJECTS: Final = (
    subjects.update()
    .where(subjects.c.id.in_(_SUBJECTS))
    .values(subject=None, salt=None, subject_key=None)
)
_DROP_SKELETONS: Final = skeleton_keys.delete().where(skeleton_keys.c.user_id.in_(_NUMBERS))
_DROP_LOOKS: Final = looks.delete().where(looks.c.user_id.in_(_NUMBERS))
# All users of the people who are, or were called, one of these users.
_USERS: Final = (
    sa.select(*USER)
    .select_from(WITH_SUBJECT)
    .where(
        sa.or_(
            users.c.id.in_(_NUMBERS),
            users.c.subject_id.in_(sa.select(_asked.c.subject_id).where(_asked.c.id.in_(_NUMBERS))),
        )
    )
    .order_by(users.c.id)
)
_BY_SUBJECT: Final = (
    sa.select(users.c.id)
    .select_from(users.join(subjects, subjects.c.id == users.c.subject_id))
    .where(subjects.c.subject_key == sa.bindparam("key"))
)
_IDS: Final[sa.BindParameter[list[str]]] = sa.bindparam("ids", expanding=True)
# SQLite takes a partial index only where the query has its condition literally.
_ABOUT: Final = sa.or_(
    sa.and_(sa.text("events.type = 'member'"), events.c.of.in_(_IDS)),
    sa.and_(sa.text("events.type = 'leave' AND events.\"of\" IS NOT NULL"), events.c.of.in_(_IDS)),
)
_APPOINTED: Final = (
    sa.select(rooms.c.id, rooms.c.room)
    .where(
        rooms.c.id.in_(
            sa.select(events.c.room_id).where(
                events.c.type == "member",
                events.c.of.in_(
                    sa.select(users.c.uuid).where(users.c.subject_id == sa.bindparam("subject"))
                ),
            )
        )
    )
    .order_by(rooms.c.room)
)
_ROOMS_OF: Final = (
    sa.select(rooms.c.room)
    .where(
        # Not from sessions: a user who only erased has events in rooms they never joined.
        sa.or_(
            rooms.c.id.in_(sa.select(events.c.room_id).where(events.c.user_id.in_(_NUMBERS))),
            rooms.c.id.in_(sa.select(events.c.room_id).where(_ABOUT).select_from(events)),
        )
    )
    .order_by(rooms.c.room)
)
_OPEN_OF: Final = (
    sa.select(rooms.c.room, sessions.c.session)
    .select_from(sessions.join(rooms))
    .where(sessions.c.user_id.in_(_NUMBERS), sessions.c.left_seq.is_(None))
)
OF_PEOPLE: Final = sa.or_(events.c.user_id.in_(_NUMBERS), _ABOUT)
"""The condition on ``events`` of those by or about users; it takes ``people_asked``."""
_EVENTS_OF: Final = sa.select(events.c.seq).where(
    events.c.room_id == sa.bindparam("room"), OF_PEOPLE
)


class StillPresent(Refused):
    """The user has open sessions, which must be closed before the name can go.

    ``subjects`` are those whose tokens must be revoked, so that they do not come back meanwhile.
    """

    def __init__(self, open_sessions: list[tuple[str, str]], subjects: set[str | None]) -> None:
        super().__init__("bad_command", "The user is still present.")
        self.open_sessions = open_sessions
        self.subjects = set(filter(None, subjects))


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
        await check_erasable(connection, room, wanted)
        user = batch.operator(by)
        return await erase_texts(connection, batch, room, wanted, by=user, reason=reason)

    return step


def erase_user(
    username: str | None, *, by: str, reason: str, subject: str | None = None
) -> Step[list[Recorded]]:
    """Return the step that erases a person, by a username or by a subject.

    Gone are their names, texts, and the tie from name to user; of a subject also the roles and
    bans, the tokens issued until now, and what it looked at; of a hook its address. All users of
    the username are meant, but no operator: that is whoever is only on record for what they erased.
    The step returns the erasures, in every room the person was in.

    Raises:
        Refused: if nobody has this name, or is this subject.
        StillPresent: if the user has open sessions.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> list[Recorded]:
        gone = await find_people(connection, username, subject)
        numbers = [user.number for user in gone]
        still_open = await connection.execute(_OPEN_OF, {"numbers": numbers})
        people = {u.subject.subject for u in gone if u.subject is not None}
        if left := [(row.room, row.session) for row in still_open]:
            raise StillPresent(left, people)
        for text in filter(None, people):
            await revoke_subject(text, time.time())(connection, batch)
        await forget_hooks_of(connection, gone)
        return await erase_users(connection, batch, gone, by=by, reason=reason)

    return step


async def find_people(
    connection: AsyncConnection, username: str | None, subject: str | None
) -> list[User]:
    """Return all users of the people of this name, or of this subject.

    Raises:
        Refused: if there is nobody.
    """
    if username is not None:
        numbers = await lookup.numbers_named(connection, username, operators=False)
    else:
        key = name_key(await lookup.name_secret(connection), subject or "")
        found = await connection.execute(_BY_SUBJECT, {"key": key})
        numbers = list(found.scalars())
    if not numbers:
        what = "user of this name" if username is not None else "such subject"
        raise Refused("bad_command", f"There is no {what}.")
    return await users_with(connection, numbers)


async def users_with(connection: AsyncConnection, numbers: Sequence[int]) -> list[User]:
    """Return the users of these numbers, and all others of the same people."""
    found: Sequence[Any] = (await connection.execute(_USERS, {"numbers": numbers})).all()
    return [user_in(row) for row in found]


def people_asked(people: Sequence[User]) -> dict[str, list[Any]]:
    """Return the parameters of ``OF_PEOPLE`` for these users."""
    ids = [user.id for user in people if user.subject is not None]
    return {"numbers": [user.number for user in people], "ids": ids}


async def roles_of(
    connection: AsyncConnection, subject: Subject, at: str
) -> list[tuple[str, Role]]:
    """Return the roles and bans of a subject at a time, by room."""
    found = await connection.execute(_APPOINTED, {"subject": subject.number})
    roles: list[tuple[str, Role]] = []
    for number, room in found.all():
        rights = await rights_of(connection, number, subject=subject.number)
        if (role := role_at(rights.of(subject.id), at)) != "none":
            roles.append((room, role))
    return roles


async def erase_users(
    connection: AsyncConnection, batch: Batch, gone: Sequence[User], *, by: str, reason: str
) -> list[Recorded]:
    """Erase all users of some people, who have no open sessions; return the erasures."""
    asked = people_asked(gone)
    numbers = asked["numbers"]
    names = (await connection.execute(_ROOMS_OF, asked)).scalars().all()
    await batch.know(connection, set(names), {lookup.operator(by)})
    erasures: list[Recorded] = []
    for room in map(batch.room, names):
        found = await connection.execute(_EVENTS_OF, asked | {"room": room.number})
        user = batch.operator(by)
        seqs = sorted(found.scalars()) + _end_roles(batch, room, gone, user)
        erasures += await erase_texts(connection, batch, room, seqs, by=user, reason=reason)
    await connection.execute(_DROP_NAMES, {"numbers": numbers})
    await connection.execute(_DROP_SKELETONS, {"numbers": numbers})
    if people := {u.subject.number for u in gone if u.subject is not None}:
        await connection.execute(_DROP_SUBJECTS, {"subjects": list(people)})
        await connection.execute(_DROP_LOOKS, {"numbers": numbers})
    batch.forget_users(gone)
    return erasures


def _end_roles(batch: Batch, room: Room, gone: Sequence[User], by: User) -> list[int]:
    """End the roles and bans that people have in a room; return the seqs of the events.

    The events show nothing of the people: clients get them after the erasure.
    """
    seqs = []
    for user in {u.subject.id: u for u in gone if u.subject is not None}.values():
        assert user.subject is not None
        given = room.rights.of(user.subject.id)
        if not changes_nothing(given, "none", None, batch.time(room)):
            nobody = replace(user, name=None, subject=replace(user.subject, subject=None))
            seqs.append(batch.record(room, Appointed(by, batch.node, nobody, "none")).seq)
    return seqs
