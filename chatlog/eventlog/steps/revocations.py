"""The log's table of revoked tokens: add one, read those after a number.

Rows are numbered under the log's lock and only added, so that whoever reads from the last
number that it knows misses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.database import Database
from chatlog.databases.schema import revocations, stored_bytes
from chatlog.domain import times
from chatlog.domain.revocation import SUBJECT, TOKEN, Revocation, revocation_key
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step

_SINCE: Final = (
    sa.select(revocations.c.id, revocations.c.kind, revocations.c.key, revocations.c.issued_until)
    .where(revocations.c.id > sa.bindparam("after"))
    .order_by(revocations.c.id)
)


def revoke_subject(subject: str, issued_until: float) -> Step[None]:
    """Return the step that revokes a subject's tokens issued until a time (Unix seconds)."""
    until = times.text(datetime.fromtimestamp(issued_until, UTC))
    return _revoke(SUBJECT, subject, until)


def revoke_token(token_id: str) -> Step[None]:
    """Return the step that revokes the token with this id (its ``jti``)."""
    return _revoke(TOKEN, token_id, None)


def _revoke(kind: str, value: str, issued_until: str | None) -> Step[None]:
    async def step(connection: AsyncConnection, batch: Batch) -> None:
        secret = await lookup.name_secret(connection)
        row = {
            "id": await lookup.next_number(connection, revocations.c.id),
            "at": batch.now,
            "kind": kind,
            "key": revocation_key(secret, kind, value),
            "issued_until": issued_until,
        }
        await connection.execute(revocations.insert(), row)

    return step


async def revocations_since(database: Database, number: int) -> Sequence[Revocation]:
    """Return the revocations after a number, in order; all of them after 0.

    Raises:
        Unavailable: if the database cannot be read.
        LogError: if a key is not bytes.
    """
    async with database.read() as connection:
        found = (await connection.execute(_SINCE, {"after": number})).all()
    return [
        Revocation(row.id, row.kind, stored_bytes(row.key), _unix_seconds(row.issued_until))
        for row in found
    ]


def _unix_seconds(at: str | None) -> float | None:
    if at is None:
        return None
    return datetime.strptime(at, times.FORMAT).replace(tzinfo=UTC).timestamp()
