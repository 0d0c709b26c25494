"""The default of retention: how long rooms without a rule of their own keep texts.

Only its changes are stored, and the last one holds. A room with a rule, whichever, is not under
the default.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import retention, retention_defaults, rooms
from chatlog.eventlog import lookup
from chatlog.eventlog.append import Batch
from chatlog.eventlog.committing.writer import Step
from chatlog.eventlog.steps.retention import Change, Rule

_CHANGES: Final = sa.select(
    retention_defaults.c.at,
    retention_defaults.c.days,
    retention_defaults.c.names,
    retention_defaults.c.by,
).order_by(retention_defaults.c.id)
_WITHOUT_A_RULE: Final = (
    sa.select(rooms.c.room)
    .where(~sa.exists().where(retention.c.room_id == rooms.c.id))
    .order_by(rooms.c.room)
)


async def default_changes(connection: AsyncConnection) -> list[Change]:
    """Return the changes of the default, in order."""
    found = await connection.execute(_CHANGES)
    return [Change(row.at, row.days, row.names, row.by) for row in found]


async def default(connection: AsyncConnection) -> Change | None:
    """Return the change that set the present default; None if there is no default."""
    changes = await default_changes(connection)
    return changes[-1] if changes and changes[-1].days is not None else None


async def rules_by_default(connection: AsyncConnection) -> list[Rule]:
    """Return what the default means for each room that it applies to, by room."""
    found = await default(connection)
    if found is None or found.days is None:
        return []
    return await rules_without(connection, found.days, found.names)


async def rules_without(connection: AsyncConnection, days: int, names: bool) -> list[Rule]:
    """Return a rule like this for each room that has none of its own."""
    found = await connection.execute(_WITHOUT_A_RULE)
    return [Rule(room, days, names) for room in found.scalars()]


def set_default(days: int | None, names: bool, *, by: str) -> Step[None]:
    """Return the step that replaces the default; None for ``days`` ends it."""

    async def step(connection: AsyncConnection, batch: Batch) -> None:
        if days is None and await default(connection) is None:
            return
        number = await lookup.next_number(connection, retention_defaults.c.id)
        row = {"id": number, **asdict(Change(batch.now, days, names, by))}
        await connection.execute(retention_defaults.insert(), row)

    return step
