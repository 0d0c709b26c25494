"""Copy all tables of a log into an empty one, row by row, and compare what has arrived.

What is copied follows from ``schema.metadata``: a table that a migration adds is copied too. Rows
are read and written a page at a time, in the order of their keys, which for events is the order
of the log. The caller's transactions decide when it is there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.databases.schema import events, meta, metadata, rooms, skeleton_versions
from chatlog.domain.errors import LogError

TABLES: Final = tuple(metadata.sorted_tables)
"""All tables, those that others refer to first."""

_PREPARED: Final = (meta, skeleton_versions)
"""Those with rows in a new log: the secret that a migration draws, the version of skeletons."""
_PAGE: Final = 500
_DIGESTS: Final = 2**256

Tell = Callable[[int], None]
"""Called with the number of rows just copied."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: the rooms, the events, and the last position."""

    rooms: int
    events: int
    position: int


async def check_empty(target: AsyncConnection) -> None:
    """Refuse a target that holds more than a new log.

    Raises:
        LogError: naming a table with rows.
    """
    for table in TABLES:
        if table in _PREPARED:
            continue
        if (await target.execute(sa.select(sa.literal(1)).select_from(table).limit(1))).first():
            raise LogError(
                f"The target already holds a log (its table {table.name} has rows): copy into an "
                "empty database."
            )


async def copy_tables(source: AsyncConnection, target: AsyncConnection, tell: Tell) -> Copied:
    """Copy every row of the source's snapshot and read it back from the target.

    Raises:
        LogError: if the target holds rows already, or holds others afterwards.
    """
    await check_empty(target)
    for table in _PREPARED:
        await target.execute(table.delete())
    for table in TABLES:
        copied = await _copy(source, target, table, tell)
        if await _digest(target, table) != copied:
            raise LogError(
                f"The table {table.name} did not arrive as it was read: nothing is kept."
            )
    return await _count(target)


async def row_count(source: AsyncConnection) -> int:
    """Return the number of rows of all tables."""
    counts = [sa.select(sa.func.count()).select_from(table) for table in TABLES]
    return sum([int((await source.execute(count)).scalar_one()) for count in counts])


async def _count(connection: AsyncConnection) -> Copied:
    of_rooms = sa.select(sa.func.count()).select_from(rooms)
    of_events = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.max(events.c.position), 0)
    ).select_from(events)
    count, position = (await connection.execute(of_events)).one()
    return Copied(int((await connection.execute(of_rooms)).scalar_one()), count, position)


async def _copy(
    source: AsyncConnection, target: AsyncConnection, table: sa.Table, tell: Tell
) -> tuple[int, int]:
    """Copy a table; return the number of rows and the sum of their digests."""
    count = digests = 0
    async for page in _pages(source, table):
        await target.execute(table.insert(), [dict(row._mapping) for row in page])  # noqa: SLF001 - public
        count, digests = count + len(page), (digests + sum(map(_digest_of, page))) % _DIGESTS
        tell(len(page))
    return count, digests


async def _digest(connection: AsyncConnection, table: sa.Table) -> tuple[int, int]:
    """Return the number of a table's rows and the sum of their digests.

    The sum does not depend on the order: the two databases may sort text differently.
    """
    count = digests = 0
    async for page in _pages(connection, table):
        count, digests = count + len(page), (digests + sum(map(_digest_of, page))) % _DIGESTS
    return count, digests


def _digest_of(row: sa.Row[Any]) -> int:
    return int.from_bytes(sha256(repr(tuple(row)).encode()).digest())


async def _pages(connection: AsyncConnection, table: sa.Table) -> AsyncIterator[list[sa.Row[Any]]]:
    key = sa.tuple_(*table.primary_key)
    ordered = sa.select(table).order_by(*table.primary_key).limit(_PAGE)
    page = list(await connection.execute(ordered))
    while page:
        yield page
        last = [page[-1]._mapping[column] for column in table.primary_key]  # noqa: SLF001 - public
        page = list(await connection.execute(ordered.where(key > sa.tuple_(*last))))
