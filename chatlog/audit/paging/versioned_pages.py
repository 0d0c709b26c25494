"""Read a page of events and the tag of its state in one snapshot.

An erasure falls entirely before or entirely after the snapshot. So a page is never cached
under the tag of another state, and a text never appears without its proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chatlog.audit.locating import find_room
from chatlog.audit.paging.pages import Page, read_page
from chatlog.audit.paging.selection import select
from chatlog.audit.paging.versions import Version, read_version
from chatlog.audit.proofs import read_proved_at
from chatlog.kinds.event import Recorded
from chatlog.kinds.event_query import EventQuery
from chatlog.kinds.proof import Proved


@dataclass(frozen=True, slots=True)
class VersionedPage:
    """A page and the ``tag`` of its state; no page if the client already has it.

    ``proved`` are the page's events with their proofs, if these were requested.
    """

    tag: str
    page: Page | None = None
    proved: list[Proved] | None = None


async def read_versioned_page(
    connection: AsyncConnection,
    query: EventQuery,
    *,
    lowest: int,
    highest: int | None,
    known: Iterable[str],
    max_bytes: int,
    size: Callable[[Recorded], int],
    proof: bool,
) -> VersionedPage:
    """Return a page, unless one of the ``known`` tags shows that the client's copy is valid.

    Raises:
        Refused: ``room_unknown`` for a room without events.
    """
    room = await find_room(connection, query.room)
    version = await read_version(connection, room)
    seen = "" if lowest == 1 else f".{lowest}"
    if highest is not None and highest < room.head:
        seen += f".{highest}"
    for tag in known:
        if tag.endswith(seen) and await version.is_current(connection, tag.removesuffix(seen)):
            return VersionedPage(tag)
    selection = await select(connection, query, lowest=lowest, highest=highest)
    page = await read_page(connection, selection, max_bytes=max_bytes, size=size)
    seqs = [event.seq for event in page.events]
    proved = await read_proved_at(connection, room.number, seqs) if proof else None
    return VersionedPage(await _tag(connection, version, page) + seen, page, proved)


async def _tag(connection: AsyncConnection, version: Version, page: Page) -> str:
    # A page with more events after it ends in the past, and no later event changes it.
    if page.more_after and page.last is not None:
        return await version.past(connection, page.last) or version.now
    return version.now
