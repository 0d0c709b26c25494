"""Read events for an export: a page at a time, each in its own short snapshot.

So memory stays constant and a running server's WAL can be emptied meanwhile. The range is fixed
at the beginning, however much the room grows. An erasure between two pages would leave missing
texts without the event that explains them, or a name on one page and not on the next: then the
export starts again. After several attempts it reads everything in one snapshot, which no erasure
can affect.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from chatlog.audit.paging.room_rows import SEQ, Row, Shared
from chatlog.audit.paging.selection import Selection, last_erasure, read_selected
from chatlog.domain.errors import ChatlogError, LogError
from chatlog.eventlog import lookup
from chatlog.kinds.event_query import EventQuery
from chatlog.readers.admission import Admission
from chatlog.readers.export_page import ExportPage
from chatlog.readers.past_events import Reading

PAGE: Final = 1_000
TRIES: Final = 3
"""Attempts with short snapshots before a room is read in a single one."""


class ErasedMeanwhile(ChatlogError):
    """Content was erased while the room was read: discard what was read."""


@dataclass(frozen=True, slots=True)
class Export:
    """A selection and how to read it; ``head_hash`` is the hash of its last event."""

    selection: Selection
    head_hash: str
    is_whole: bool
    reading: Reading
    erased: int

    async def pages(self) -> AsyncIterator[ExportPage]:
        """Yield the selected events in order; no page is empty.

        Raises:
            ErasedMeanwhile: start again with another ``Export``.
            LogError: if an event of a complete chain is missing.
        """
        seq, shared = self.selection.first - 1, Shared()
        while True:
            async with self.reading() as connection:
                rows = await read_selected(connection, self.selection, seq, shared, limit=PAGE)
                if await last_erasure(connection, self.selection.room) != self.erased:
                    raise ErasedMeanwhile("Something was erased while the room was exported.")
            if self.is_whole:
                _check_unbroken(seq, rows, self.selection.last)
            if not rows:
                return
            yield ExportPage(rows, shared)
            seq = rows[-1][SEQ]


@asynccontextmanager
async def selected(admission: Admission, query: EventQuery, *, tried: int) -> AsyncIterator[Export]:
    """Lend an export of the selected events; ``tried`` counts the attempts before."""
    if tried < TRIES:
        yield await _begin(admission, query, admission.reading)
    else:
        async with admission.reading() as connection:
            yield await _begin(admission, query, lambda: nullcontext(connection))


async def _begin(admission: Admission, query: EventQuery, reading: Reading) -> Export:
    async with reading() as connection:
        selection = await admission.select(connection, query)
        found = await lookup.hash_at(connection, selection.room, selection.last)
        erased = await last_erasure(connection, selection.room)
    head_hash = "" if found is None else found.hex()
    is_whole = query.is_whole and selection.lowest == 1
    return Export(selection, head_hash, is_whole, reading, erased)


def _check_unbroken(seq: int, rows: Sequence[Row], last: int) -> None:
    for row in rows:
        if row[SEQ] != seq + 1:
            break
        seq += 1
    else:
        if rows or seq == last:
            return
    raise LogError(f"Event {seq + 1} of the room is missing: run `chatlog verify` for details.")
