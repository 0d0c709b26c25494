"""Read webhooks, and take over those whose node has ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import nodes, stored_bytes, webhooks
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step
from chatlog.kinds.registry import EVENT_TYPES

_ALL: Final = (
    sa.select(webhooks, nodes.c.ended_at)
    .select_from(webhooks.outerjoin(nodes))
    .order_by(webhooks.c.id)
)
_IS_FREE: Final = sa.or_(
    webhooks.c.node_id.is_(None),
    webhooks.c.node_id.in_(sa.select(nodes.c.id).where(nodes.c.ended_at.is_not(None))),
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook. ``number`` is its row, ``id`` what people call it.

    ``rooms`` are names, ``types`` those of events; None is all. ``node`` is the number of the one
    that delivers, and the webhook ``is_free`` if that has ended.
    """

    number: int
    id: str
    created_at: str
    url: str
    rooms: tuple[str, ...] | None
    types: tuple[str, ...]
    key: bytes
    former_key: bytes | None
    former_until: str | None
    position: int
    is_disabled: bool
    revision: int
    node: int | None
    is_free: bool

    def wants(self, room: str, type: str) -> bool:
        """Return whether events of this type in this room are delivered."""
        return type in self.types and (self.rooms is None or room in self.rooms)

    def keys(self, now: str) -> list[bytes]:
        """Return the keys that sign at a time: for a while also the one before."""
        is_former_valid = self.former_until is not None and now < self.former_until
        return [self.key] + ([self.former_key] if is_former_valid and self.former_key else [])


async def all_webhooks(connection: AsyncConnection) -> list[Webhook]:
    """Return all webhooks in the order in which they were added."""
    return [_webhook(row) for row in await connection.execute(_ALL)]


async def webhook_of(connection: AsyncConnection, id: str) -> Webhook | None:
    """Return the webhook with an id."""
    row = (await connection.execute(_ALL.where(webhooks.c.webhook == id))).first()
    return None if row is None else _webhook(row)


def _webhook(row: sa.Row[tuple[object, ...]]) -> Webhook:
    return Webhook(
        number=row.id,
        id=row.webhook,
        created_at=row.created_at,
        url=row.url,
        rooms=None if row.rooms is None else tuple(json.loads(row.rooms)),
        types=EVENT_TYPES if row.types is None else tuple(json.loads(row.types)),
        key=stored_bytes(row.secret),
        former_key=None if row.former_secret is None else stored_bytes(row.former_secret),
        former_until=row.former_until,
        position=row.position,
        is_disabled=row.disabled_at is not None,
        revision=row.revision,
        node=row.node_id,
        is_free=row.node_id is None or row.ended_at is not None,
    )


def take_over(node: int) -> Step[None]:
    """Return the step by which a node takes the webhooks that no living node holds."""

    async def step(connection: AsyncConnection, _batch: Batch) -> None:
        await connection.execute(webhooks.update().where(_IS_FREE).values(node_id=node))

    return step
