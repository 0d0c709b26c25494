"""Find from which seq on a long selection is read: its events then come in order, page by page.

It takes the index alone, however many events there are. A page of ``pages`` does not need it, since
its size in bytes decides where it begins.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.paging.selection import Selection
from chatlog.databases.schema import events

_SEQS: Final = sa.select(events.c.seq).where(
    events.c.room_id == sa.bindparam("room"),
    events.c.type.in_(sa.bindparam("types", expanding=True)),
)
_UP_TO: Final = (
    _SEQS.where(events.c.seq.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(events.c.seq.desc())
    .offset(sa.bindparam("skipped"))
    .limit(1)
)
_SOME_AFTER: Final = _SEQS.where(
    events.c.seq > sa.bindparam("after"), events.c.seq <= sa.bindparam("last")
).limit(sa.bindparam("limit"))


async def in_order(connection: AsyncConnection, selection: Selection) -> Selection:
    """Return the same events as the first ones from a seq on."""
    first = selection.first
    if selection.around is not None:
        # Half the events after it; a short side yields space to the other.
        around, limit = selection.around, selection.limit
        newer = await _count_after(connection, selection, around, limit=limit // 2)
        first = await _nth_up_to(connection, selection, around, limit - newer)
    elif selection.newest:
        first = await _nth_up_to(connection, selection, selection.last, selection.limit)
    return replace(selection, first=first, around=None, newest=False)


async def _nth_up_to(connection: AsyncConnection, selection: Selection, last: int, n: int) -> int:
    """Return the seq of the ``n``-th newest selected event up to a seq; the first seq if none."""
    if last - selection.first < n:  # all of them: nothing to count
        return selection.first
    asked = {"room": selection.room, "types": selection.types}
    asked |= {"first": selection.first, "last": last, "skipped": n - 1}
    found = (await connection.execute(_of(_UP_TO, selection), asked)).scalar()
    return selection.first if found is None else int(found)


async def _count_after(
    connection: AsyncConnection, selection: Selection, after: int, *, limit: int
) -> int:
    """Return the number of selected events after a seq, counting to ``limit`` at most."""
    counted = sa.select(sa.func.count()).select_from(_of(_SOME_AFTER, selection).subquery())
    asked = {"room": selection.room, "types": selection.types}
    asked |= {"after": after, "last": selection.last, "limit": limit}
    return int((await connection.execute(counted, asked)).scalar_one())


def _of(query: sa.Select[Any], selection: Selection) -> sa.Select[Any]:
    if selection.users is None:
        return query
    return query.where(events.c.user_id.in_(selection.users))
