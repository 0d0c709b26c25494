"""Read events with their proofs, as an export carries and ``verify`` checks them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, stored_bytes, subjects, users
from chatlog.domain.errors import LogError
from chatlog.eventlog.rows import (
    FACTS,
    OTHER,
    OTHERS_SUBJECT,
    STORED,
    People,
    Row,
    recorded,
    unreadable,
)
from chatlog.kinds.details import salts_in
from chatlog.kinds.event import Recorded
from chatlog.kinds.proof import PersonSalts, Proof, Proved

PROVED: Final = STORED.add_columns(
    rooms.c.uuid.label("room_uuid"),
    events.c.text_commitment,
    events.c.text_salt,
    users.c.salt.label("name_salt"),
    subjects.c.salt.label("subject_salt"),
    OTHER.c.salt.label("other_salt"),
    OTHERS_SUBJECT.c.salt.label("others_subject_salt"),
    OTHER.c.name_key.label("other_name_key"),
)
"""``STORED`` with what proves an event; ``proved`` takes its rows."""
_DETAILS: Final = FACTS.stop - 1
_CONTENTS: Final = PROVED.selected_columns.keys().index("contents")
_AT: Final = PROVED.where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
).order_by(events.c.seq)


async def read_proved_at(
    connection: AsyncConnection, room: int, seqs: Sequence[int]
) -> list[Proved]:
    """Return a room's events at these seqs, at most a page, with their proofs."""
    asked = {"room": room, "seqs": seqs}
    return all_proved((await connection.execute(_AT, asked)).all())


def all_proved(found: Iterable[Row]) -> list[Proved]:
    """Return the events and proofs in a page of rows of ``PROVED``; raises as ``proved``."""
    people: People = {}
    return [proved(row, people) for row in found]


def proved(row: Row, people: People) -> Proved:
    """Return the event and proof in a row of ``PROVED``; ``people`` are those of its page so far.

    Raises:
        LogError: from ``recorded``, or if a commitment or a salt is not bytes.
    """
    try:
        is_named = row.other_name_key is not None or row.other_name is None
        own = salts_of(row.name_salt, row.subject_salt)
        others = salts_of(row.other_salt, row.others_subject_salt, is_named)
    except LogError as error:
        raise unreadable(row.room, row.seq) from error
    sealed = (row.room_uuid, row.text_commitment, row.text_salt, row[_DETAILS], row[_CONTENTS])
    return with_proof(recorded(row, people), sealed, own, others)


def with_proof(
    recorded: Recorded, sealed: tuple[Any, ...], own: PersonSalts, others: PersonSalts
) -> Proved:
    """Return an event with its proof, from the salts of its user and of whom it is about.

    ``sealed`` are its room's id, its text's commitment and salt, its details and its contents, as
    they are stored.

    Raises:
        LogError: if the commitment or the salt is not bytes.
    """
    room_id, commitment, salt, details, contents = sealed
    try:
        commitment, salt = _bytes(commitment), _bytes(salt)
    except LogError as error:
        raise unreadable(recorded.room, recorded.seq) from error
    event, salts, people = recorded.event, salts_in(contents), {}
    if found := event.people:  # hardly ever, in open mode
        user = event.user.id
        people = {key: own if person.id == user else others for key, person in found.items()}
    return Proved(recorded, Proof(room_id, own.name, commitment, salt, details, salts, people))


def salts_of(name: object, subject: object, is_named: bool = True) -> PersonSalts:
    """Return a person's salts as they are stored.

    Raises:
        LogError: if one of them is not bytes.
    """
    return PersonSalts(_bytes(name), _bytes(subject), is_named)


def _bytes(value: Any) -> bytes | None:
    return None if value is None else stored_bytes(value)
