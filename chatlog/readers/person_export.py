"""Read everything of one person, in one snapshot, which no erasure can change half-way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from chatlog.audit.person import OnRecord, on_record, read_at
from chatlog.databases.database import Connection
from chatlog.kinds.proof import Proved
from chatlog.readers.askers import Operator
from chatlog.readers.door import Door
from chatlog.readers.past_events import Reading

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class PersonExport:
    """What a log holds of a person, and how to read the events."""

    found: OnRecord
    connection: Connection

    def pages(self) -> AsyncIterator[list[Proved]]:
        """Yield the events by and about the person in the log's order."""
        return read_at(self.connection, self.found.positions, page=_PAGE)


@asynccontextmanager
async def person_export(
    reading: Reading, asker: Operator, username: str | None, subject: str | None
) -> AsyncIterator[PersonExport]:
    """Lend everything of a person, by a name or a subject, of all rooms.

    Raises:
        Refused: if the log has no such person.
    """
    await Door(reading).decide(asker, "export", None)
    async with reading() as connection:
        yield PersonExport(await on_record(connection, username, subject), connection)
