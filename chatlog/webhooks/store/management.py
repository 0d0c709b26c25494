"""Add, change and remove webhooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import webhook_rooms, webhooks
from chatlog.domain.errors import Refused
from chatlog.domain.times import minus
from chatlog.eventlog import lookup, read
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step

_FORMER_SECONDS: Final = 86_400.0
"""How long the former key signs too: 24 h, by the contract."""

_NUMBER: Final = sa.select(webhooks.c.id).where(webhooks.c.webhook == sa.bindparam("id"))


def unknown() -> Refused:
    """Return the refusal of an id that no webhook has."""
    return Refused("webhook_unknown", "There is no webhook with this id.")


def add(
    id: str, url: str, key: bytes, rooms: Sequence[str] | None, types: Sequence[str] | None
) -> Step[None]:
    """Return the step that adds a webhook, which begins at the log's end."""

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        row = {
            "id": await lookup.next_number(connection, webhooks.c.id),
            "webhook": id,
            "created_at": batch.now,
            "url": url,
            "rooms": _list(rooms),
            "types": _list(types),
            "secret": key,
            "position": await read.end(connection),
            "revision": 1,
        }
        await connection.execute(webhooks.insert(), row)

    return step


def _list(names: Sequence[str] | None) -> str | None:
    return None if names is None else json.dumps(list(names), ensure_ascii=False)


async def _number(connection: AsyncConnection, id: str) -> int:
    found: int | None = (await connection.execute(_NUMBER, {"id": id})).scalar()
    if found is None:
        raise unknown()
    return found


def remove(id: str) -> Step[None]:
    """Return the step that removes a webhook. Raises ``webhook_unknown``."""

    async def step(connection: AsyncConnection, _batch: Batch) -> None:
        number = await _number(connection, id)
        of_it = webhook_rooms.c.webhook_id == number
        await connection.execute(webhook_rooms.delete().where(of_it))
        await connection.execute(webhooks.delete().where(webhooks.c.id == number))

    return step


def rotate(id: str, key: bytes) -> Step[None]:
    """Return the step that gives a webhook another key; the present one signs for 24 h more.

    Raises ``webhook_unknown``.
    """

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        number = await _number(connection, id)
        until = minus(batch.now, -_FORMER_SECONDS)
        values: dict[str, Any] = {
            "former_secret": webhooks.c.secret,
            "former_until": until,
            "secret": key,
        }
        await connection.execute(_changed(number).values(values))

    return step


def retry(id: str) -> Step[int]:
    """Return the step that lets a webhook's waiting rooms be tried at once, from the beginning.

    One that was disabled is enabled. The result is the number of rooms. Raises
    ``webhook_unknown``.
    """

    async def step(connection: AsyncConnection, _batch: Batch) -> int:
        number = await _number(connection, id)
        waiting = webhook_rooms.update().where(
            webhook_rooms.c.webhook_id == number, webhook_rooms.c.attempts > 0
        )
        done = await connection.execute(waiting.values(attempts=0, next_at=None, is_failing=False))
        await connection.execute(_changed(number).values(disabled_at=None))
        return done.rowcount

    return step


def _changed(number: int) -> sa.Update:
    return webhooks.update().where(webhooks.c.id == number).values(revision=webhooks.c.revision + 1)
