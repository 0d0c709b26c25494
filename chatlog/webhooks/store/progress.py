"""How far a webhook has delivered each room, and the changes that a delivery makes to it.

A change takes effect only while its node still holds the webhook, and never moves a cursor back:
what a node does after it has lost its webhooks to another, it does for nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, webhook_rooms, webhooks
from chatlog.domain.times import minus

Change = Callable[[AsyncConnection, str], Awaitable[None]]
"""Changes rows in a transaction under the log's lock, given the database's time."""

SCAN: Final = 1_000

_ROOM: Final = sa.select(webhooks.c.node_id, rooms.c.uuid, webhook_rooms).select_from(
    webhook_rooms.join(rooms).join(webhooks)
)
_BEGUN: Final = sa.select(webhook_rooms.c.room_id).where(
    webhook_rooms.c.webhook_id == sa.bindparam("webhook")
)
_BEHIND: Final = _BEGUN.where(
    webhook_rooms.c.is_failing.is_(False),
    sa.exists().where(
        events.c.room_id == webhook_rooms.c.room_id, events.c.seq > webhook_rooms.c.seq
    ),
)
_NEXT: Final = (
    sa.select(events.c.position, events.c.room_id, events.c.seq, events.c.type, rooms.c.room)
    .select_from(events.join(rooms))
    .where(events.c.position > sa.bindparam("after"))
    .order_by(events.c.position)
    .limit(SCAN)
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A webhook's row of a room: everything up to ``seq`` is delivered, or not wanted.

    ``node`` holds the webhook.
    """

    node: int | None
    uuid: str
    seq: int
    attempts: int
    next_at: str | None
    is_failing: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The place and type of an event, without its content."""

    position: int
    number: int
    seq: int
    type: str
    room: str


async def spot_in(connection: AsyncConnection, webhook: int, room: int) -> Spot | None:
    """Return how far a webhook is in a room; None once the webhook is removed."""
    which = (webhook_rooms.c.webhook_id == webhook, webhook_rooms.c.room_id == room)
    row = (await connection.execute(_ROOM.where(*which))).first()
    if row is None:
        return None
    return Spot(row.node_id, row.uuid, row.seq, row.attempts, row.next_at, row.is_failing)


async def rooms_begun(connection: AsyncConnection, webhook: int) -> set[int]:
    """Return the rooms in which a webhook has a row."""
    return set((await connection.execute(_BEGUN, {"webhook": webhook})).scalars())


async def rooms_behind(connection: AsyncConnection, webhook: int) -> list[int]:
    """Return the rooms with events after the webhook's cursor, but for those that are failing."""
    return list((await connection.execute(_BEHIND, {"webhook": webhook})).scalars())


async def seen_after(connection: AsyncConnection, position: int) -> list[Seen]:
    """Return the next events after a position, at most ``SCAN``."""
    found = await connection.execute(_NEXT, {"after": position})
    return [Seen(row.position, row.room_id, row.seq, row.type, row.room) for row in found]


def began(webhook: int, node: int, first: Iterable[Seen], position: int) -> Change:
    """Return the change that gives rooms a row, before these first events, and moves ``position``.

    All events up to the position must have been looked at.
    """
    empty = {"webhook_id": webhook, "attempts": 0, "is_failing": False}
    rows = [{**empty, "room_id": one.number, "seq": one.seq - 1} for one in first]

    async def change(connection: AsyncConnection, _now: str) -> None:
        of_it = webhooks.c.id == webhook, webhooks.c.node_id == node
        held = await connection.execute(webhooks.update().where(*of_it).values(position=position))
        if held.rowcount and rows:
            await connection.execute(webhook_rooms.insert(), rows)

    return change


def delivered(webhook: int, node: int, room: int, seq: int, answer: str) -> Change:
    """Return the change after an event was delivered: the cursor moves to its seq."""
    return _answered(webhook, node, room, seq, answer, {"seq": seq, "attempts": 0, "next_at": None})


def failed(
    webhook: int, node: int, room: int, seq: int, answer: str, attempts: int, pause: float | None
) -> Change:
    """Return the change after an attempt failed: it is tried again after ``pause`` seconds.

    Without a pause the room is failing.
    """
    values = {"attempts": attempts, "next_at": None, "is_failing": pause is None}
    return _answered(webhook, node, room, seq, answer, values, pause)


def disabled(webhook: int, node: int) -> Change:
    """Return the change after a receiver has said that it is gone."""

    async def change(connection: AsyncConnection, now: str) -> None:
        of_it = webhooks.c.id == webhook, webhooks.c.node_id == node
        values = {"disabled_at": now, "revision": webhooks.c.revision + 1}
        await connection.execute(webhooks.update().where(*of_it).values(values))

    return change


def _answered(
    webhook: int,
    node: int,
    room: int,
    seq: int,
    answer: str,
    values: dict[str, Any],
    pause: float | None = None,
) -> Change:
    row = webhook_rooms.update().where(
        webhook_rooms.c.webhook_id == webhook,
        webhook_rooms.c.room_id == room,
        webhook_rooms.c.seq < seq,
        sa.exists().where(webhooks.c.id == webhook, webhooks.c.node_id == node),
    )

    async def change(connection: AsyncConnection, now: str) -> None:
        told = {**values, "answer": answer, "answered_at": now}
        if pause is not None:
            told["next_at"] = minus(now, -pause)
        await connection.execute(row.values(told))

    return change


def all_of(changes: Sequence[Change]) -> Change:
    """Return the change that makes several, in their order."""

    async def change(connection: AsyncConnection, now: str) -> None:
        for one in changes:
            await one(connection, now)

    return change
