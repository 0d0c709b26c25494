"""Read events with their proofs, as an export carries and ``verify`` checks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, subjects, users
from chatlog.eventlog.rows import OTHER, OTHERS_SUBJECT, STORED, recorded, unreadable
from chatlog.kinds.details import salts_in
from chatlog.kinds.event import Event
from chatlog.kinds.proof import PersonSalts, Proof, Proved

PROVED: Final = STORED.add_columns(
    rooms.c.uuid.label("room_uuid"),
    users.c.salt.label("name_salt"),
    events.c.text_commitment,
    events.c.text_salt,
    subjects.c.salt.label("subject_salt"),
    OTHER.c.salt.label("other_salt"),
    OTHERS_SUBJECT.c.salt.label("others_subject_salt"),
    OTHER.c.name_key.label("other_name_key"),
)
"""``STORED`` with what proves an event; ``proved`` takes its rows."""
_AT: Final = PROVED.where(
    events.c.room_id == sa.bindparam("room"),
    events.c.seq.in_(sa.bindparam("seqs", expanding=True)),
).order_by(events.c.seq)


async def read_proved_at(
    connection: AsyncConnection, room: int, seqs: Sequence[int]
) -> list[Proved]:
    """Return a room's events at these seqs, at most a page, with their proofs."""
    asked = {"room": room, "seqs": seqs}
    return [proved(row) for row in await connection.execute(_AT, asked)]


def proved(row: sa.Row[Any]) -> Proved:
    """Return the event and proof in a row of ``PROVED``.

    Raises:
        LogError: from ``recorded``, or if a commitment or a salt is not bytes.
    """
    event = recorded(row)
    found = (row.name_salt, row.text_commitment, row.text_salt)
    try:
        name_salt, commitment, salt = map(_bytes, found)
        people = _people(row, event.event)
    except TypeError as error:  # SQLite stores any type in any column
        raise unreadable(row) from error
    sealed = (name_salt, commitment, salt)
    proof = Proof(row.room_uuid, *sealed, row.details, salts_in(row.contents), people)
    return Proved(event, proof)


def _people(row: sa.Row[Any], event: Event) -> dict[str, PersonSalts]:
    return {
        key: _own(row) if person.id == event.user.id else _others(row)
        for key, person in event.people.items()
    }


def _own(row: sa.Row[Any]) -> PersonSalts:
    return PersonSalts(_bytes(row.name_salt), _bytes(row.subject_salt))


def _others(row: sa.Row[Any]) -> PersonSalts:
    is_named = row.other_name_key is not None or row.other_name is None
    return PersonSalts(_bytes(row.other_salt), _bytes(row.others_subject_salt), is_named)


def _bytes(value: bytes | None) -> bytes | None:
    return None if value is None else bytes(value)
