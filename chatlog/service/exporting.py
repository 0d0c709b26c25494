"""Reading events for an export: a page at a time, each in a short snapshot of its own.

So memory stays constant and a running server's WAL can be emptied meanwhile. What was
selected at the beginning is exported, however much the room grows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from chatlog.audit.selection import Selection, read_selected
from chatlog.domain.errors import LogError
from chatlog.domain.proof import Proved
from chatlog.eventlog.database import Database

PAGE: Final = 500


async def selected_events(
    database: Database, selection: Selection, *, is_whole: bool
) -> AsyncIterator[list[Proved]]:
    """Yield the selected events in order.

    Raises:
        LogError: if one is missing of a chain that should be whole.
    """
    seq = selection.first - 1
    while True:
        async with database.read() as connection:
            page = await read_selected(connection, selection, seq, limit=PAGE)
        if is_whole:
            _check_unbroken(seq, page, selection.last)
        if not page:
            return
        yield page
        seq = page[-1].recorded.seq


def _check_unbroken(seq: int, page: list[Proved], last: int) -> None:
    for proved in page:
        if proved.recorded.seq != seq + 1:
            break
        seq += 1
    else:
        if page or seq == last:
            return
    raise LogError(f"Event {seq + 1} of the room is missing; `chatlog verify` says more.")
