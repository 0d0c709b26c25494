"""What is shown of webhooks: state, how many events behind, last answer, next try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, rooms, webhook_rooms
from chatlog.webhooks.store.webhooks import Webhook, all_webhooks

State = Literal["active", "retrying", "failing", "disabled"]
"""Every room is delivered; a room waits for its next try, or for ``retry``; or all do."""

_OF_WEBHOOK: Final = webhook_rooms.c.webhook_id == sa.bindparam("webhook")
_OF_TYPES: Final = events.c.type.in_(sa.bindparam("types", expanding=True))
_BEGUN: Final = (
    sa.select(sa.func.count())
    .select_from(webhook_rooms.join(events, events.c.room_id == webhook_rooms.c.room_id))
    .where(_OF_WEBHOOK, events.c.seq > webhook_rooms.c.seq, _OF_TYPES)
)
_NOT_BEGUN: Final = (
    sa.select(sa.func.count())
    .select_from(events.join(rooms))
    .where(events.c.position > sa.bindparam("after"), _OF_TYPES)
    .where(~sa.exists().where(_OF_WEBHOOK, webhook_rooms.c.room_id == events.c.room_id))
)
_IN_ROOMS: Final = rooms.c.room.in_(sa.bindparam("rooms", expanding=True))
_WAITING: Final = sa.select(
    sa.func.min(webhook_rooms.c.next_at).label("next_at"),
    sa.func.count().filter(webhook_rooms.c.is_failing).label("failing"),
).where(_OF_WEBHOOK)
_LAST: Final = (
    sa.select(webhook_rooms.c.answered_at, webhook_rooms.c.answer)
    .where(_OF_WEBHOOK, webhook_rooms.c.answered_at.is_not(None))
    .order_by(webhook_rooms.c.answered_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Overview:
    """A webhook and how it fares; its ``answer`` is a status, or why there was none."""

    webhook: Webhook
    state: State
    behind: int
    failing_rooms: int
    answered_at: str | None
    answer: str | None
    next_at: str | None


async def overviews(connection: AsyncConnection) -> list[Overview]:
    """Return all webhooks."""
    return [await _overview(connection, webhook) for webhook in await all_webhooks(connection)]


async def _overview(connection: AsyncConnection, webhook: Webhook) -> Overview:
    of_it = {"webhook": webhook.number}
    waiting = (await connection.execute(_WAITING, of_it)).one()
    last = (await connection.execute(_LAST, of_it)).first()
    return Overview(
        webhook,
        _state(webhook, waiting.failing, waiting.next_at),
        await _behind(connection, webhook),
        waiting.failing,
        None if last is None else last.answered_at,
        None if last is None else last.answer,
        None if webhook.is_disabled else waiting.next_at,
    )


def _state(webhook: Webhook, failing: int, next_at: str | None) -> State:
    if webhook.is_disabled:
        return "disabled"
    if failing:
        return "failing"
    return "active" if next_at is None else "retrying"


async def _behind(connection: AsyncConnection, webhook: Webhook) -> int:
    asked: dict[str, Any] = {
        "webhook": webhook.number,
        "types": webhook.types,
        "after": webhook.position,
    }
    begun = int((await connection.execute(_BEGUN, asked)).scalar_one())
    others = _NOT_BEGUN if webhook.rooms is None else _NOT_BEGUN.where(_IN_ROOMS)
    if webhook.rooms is not None:
        asked["rooms"] = webhook.rooms
    return begun + int((await connection.execute(others, asked)).scalar_one())
