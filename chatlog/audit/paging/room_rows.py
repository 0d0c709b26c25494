"""Read long pages of a room's events: their own columns, and the people and servers in them once.

A row with everything that is joined to an event costs SQLite 4.3 µs, of 55 columns that nearly all
repeat what earlier rows had; one of an event's own columns costs 1.7 µs. So this is for pages of
many events of few people. ``eventlog.rows.STORED`` is for a few events, in one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.proofs import salts_of, with_proof
from chatlog.databases.schema import (
    events,
    nodes,
    rooms,
    skeleton_keys,
    skeleton_versions,
    subjects,
    users,
)
from chatlog.domain.errors import LogError
from chatlog.domain.skeletons import data_version
from chatlog.domain.users import User
from chatlog.eventlog.rows import (
    ABOUT_USER,
    IN_ROOM,
    USER,
    WITH_SUBJECT,
    event_in,
    unreadable,
    user_in,
)
from chatlog.kinds.proof import PersonSalts, Proved

OWN: Final[sa.Select[Any]] = sa.select(
    events.c.position,
    events.c.room_id,
    *IN_ROOM,
    events.c.node_id,
    events.c.user_id,
    events.c.text_commitment,
    events.c.text_salt,
)
"""The columns of ``STORED`` before ``PEOPLE``, the room and the node by number; user and proof."""

Row = Any
"""An ``sa.Row`` that begins with the columns of ``OWN``."""


class Person(NamedTuple):
    """A user as stored, with the subject, the salts, and the keys by which they are found.

    The skeleton's key is that of this program's version; of an erased user, any. ``keyed_until`` is
    the number of the user up to which there are keys of this version.
    """

    uuid: str
    username: str | None
    id: int
    commitment: bytes
    subject_uuid: str | None
    subject: str | None
    subject_id: int | None
    subject_commitment: bytes | None
    is_renamed: int | bool | None
    name_salt: bytes | None
    subject_salt: bytes | None
    name_key: bytes | None
    subject_key: bytes | None
    skeleton_key: bytes | None
    keyed_until: int | None


class Server(NamedTuple):
    """A node as stored."""

    id: int
    node: str
    node_name: str
    seen_at: str
    ended_at: str | None


class Place(NamedTuple):
    """A room as stored."""

    room: str
    room_uuid: str


_VERSION: Final = skeleton_versions.c.version == sa.bindparam("version")
_NUMBER: Final = sa.select(skeleton_versions.c.id).where(_VERSION).scalar_subquery()
_PEOPLE: Final[sa.Select[Any]] = sa.select(
    *USER,
    users.c.salt,
    subjects.c.salt,
    users.c.name_key,
    subjects.c.subject_key,
    sa.select(skeleton_keys.c.skeleton_key)
    .where(
        skeleton_keys.c.user_id == users.c.id,
        sa.or_(skeleton_keys.c.version_id == _NUMBER, users.c.username.is_(None)),
    )
    .limit(1)
    .scalar_subquery(),
    sa.select(skeleton_versions.c.keyed_until).where(_VERSION).scalar_subquery(),
).select_from(WITH_SUBJECT)
_BY_NUMBER: Final = _PEOPLE.where(users.c.id.in_(sa.bindparam("wanted", expanding=True)))
_BY_ID: Final = _PEOPLE.where(users.c.uuid.in_(sa.bindparam("wanted", expanding=True)))
_SERVERS: Final = sa.select(
    nodes.c.id, nodes.c.node, nodes.c.name, nodes.c.seen_at, nodes.c.ended_at
).where(nodes.c.id.in_(sa.bindparam("wanted", expanding=True)))
_ROOM: Final = sa.select(rooms.c.room, rooms.c.uuid).where(rooms.c.id == sa.bindparam("room"))


COLUMNS: Final = OWN.selected_columns.keys()
SEQ, TYPE, _OF, _NODE, _USER, _DETAILS, _CONTENTS = map(
    COLUMNS.index, ("seq", "type", "of", "node_id", "user_id", "details", "contents")
)
_EVENT: Final = slice(0, _USER)
_SEALED: Final = slice(_USER + 1, _USER + 3)
_MOST_PEOPLE: Final = 10_000
"""People who are kept from one page to the next, each less than 1 KiB."""


class Known(NamedTuple):
    """A user with the salts that prove who it is."""

    user: User
    salts: PersonSalts


_NOBODY: Final = PersonSalts()


class Shared:
    """What the events of a room's pages refer to, by the numbers and ids in their rows.

    People are read once, in the snapshot of the first page with them, and servers with each page.
    So whoever is erased between two pages still has a name on the second one: the erasure itself is
    in the room, for those who must notice it.
    """

    def __init__(self) -> None:
        self.room: Place
        self.people: dict[int, Person] = {}
        self.others: dict[str, Person] = {}
        self.servers: dict[int, Server] = {}
        self._users: dict[int, Known] = {}

    async def know(self, connection: AsyncConnection, room: int, page: Sequence[Any]) -> None:
        """Read what rows that begin with the columns of ``OWN`` refer to."""
        self.room = Place._make((await connection.execute(_ROOM, {"room": room})).one())
        for known in (self.people, self.others, self._users):
            if len(known) > _MOST_PEOPLE:
                known.clear()
        working = set(map(itemgetter(_NODE), page))
        for row in await _read(connection, _SERVERS, working):
            self.servers[row.id] = Server._make(row)
        missing = set(map(itemgetter(_USER), page)) - self.people.keys()
        for row in await _read(connection, _BY_NUMBER, missing):
            self.people[row.id] = Person._make(row)
        about = {of for row in page if (of := row[_OF]) is not None and row[TYPE] in ABOUT_USER}
        for row in await _read(connection, _BY_ID, about - self.others.keys()):
            self.others[row.uuid] = Person._make(row)

    def proved(self, row: Any) -> Proved:
        """Return the event and proof in a row that begins with the columns of ``OWN``.

        Raises:
            LogError: as ``proofs.proved``, or if its user or node is not in the log.
        """
        try:
            known = self.user(row[_USER])
            node = self.servers[row[_NODE]].node
            about = None if (other := self.other(row)) is None else others_of(other)
        except (LookupError, LogError) as error:
            raise unreadable(self.room.room, row[SEQ]) from error
        return proved_by(row, self.room, node, known, about)

    def user(self, number: int) -> Known:
        """Return the user of this number.

        Raises:
            LookupError: if the log has none.
            LogError: if a commitment or a salt of theirs is not bytes.
        """
        known = self._users.get(number)
        if known is None:
            known = self._users[number] = user_of(self.people[number])
        return known

    def other(self, row: Any) -> Person | None:
        """Return the user whom the event of a row is about; None if it is about nobody."""
        of = row[_OF]
        return self.others.get(of) if of is not None and row[TYPE] in ABOUT_USER else None


def user_of(person: Person) -> Known:
    """Return the user who caused an event."""
    return Known(user_in(person), salts_of(person.name_salt, person.subject_salt))


def others_of(person: Person) -> Known:
    """Return the user whom an event is about, who may not have used a name so far."""
    is_named = person.name_key is not None or person.username is None
    return Known(user_in(person), salts_of(person.name_salt, person.subject_salt, is_named))


def proved_by(row: Any, room: Place, node: str, user: Known, about: Known | None) -> Proved:
    """Return the event and proof in a row that begins with the columns of ``OWN``.

    Raises:
        LogError: as ``proofs.proved``.
    """
    other, others_salts = about or (None, _NOBODY)
    recorded = event_in(row[_EVENT], room.room, node, user.user, other)
    sealed = (room.room_uuid, *row[_SEALED], row[_DETAILS], row[_CONTENTS])
    return with_proof(recorded, sealed, user.salts, others_salts)


async def _read(
    connection: AsyncConnection, statement: sa.Select[Any], wanted: Collection[Any]
) -> Sequence[sa.Row[Any]]:
    if not wanted:
        return ()
    asked = {"wanted": list(wanted), "version": data_version()}
    found: Sequence[sa.Row[Any]] = (await connection.execute(statement, asked)).all()
    return found
